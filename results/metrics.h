#pragma once
// THE table of metrics of speed and cost: each is named and defined here once. It is copied into table `metric` of each
// results file and feeds `diffbench list metrics`, the documentation and the dashboards. Those of quality stand in
// harness/quality/metrics.h, with the functions that compute them, and reach a file through Store::put_metrics.
//
//   for (const Metric& metric : kMetrics) print(metric.name, metric.unit, metric.definition);

#include <array>
#include <string_view>

namespace diffbench::results {

struct Metric {
  std::string_view name;
  std::string_view unit;
  std::string_view better;      // lower | higher | none
  std::string_view definition;  // one sentence
  std::string_view formula;
  std::string_view summary_column;  // of view cell_summary; empty: only in table estimate or quality
};

inline constexpr std::array kMetrics = {
    Metric{"latency", "ns", "lower",
           "Time from starting one batch of trajectories to its finished images, decoded where the model has a "
           "decoder, the slowest rank counting, as the median over repetitions.",
           "median over repetitions of max over ranks of duration", "latency_ns"},
    Metric{"latency_p90", "ns", "lower", "Latency that nine of ten repetitions do not exceed; from 10 repetitions on.",
           "90th percentile over repetitions of max over ranks of duration", "latency_p90_ns"},
    Metric{"latency_p99", "ns", "lower",
           "Latency that 99 of a hundred repetitions do not exceed; from 100 repetitions on.",
           "99th percentile over repetitions of max over ranks of duration", "latency_p99_ns"},
    Metric{"decode_share", "ratio", "lower",
           "Share of a repetition's time that the model's decoder takes; only where there is a decoder.",
           "median over repetitions of (sum over ranks of decoding / sum over ranks of duration)", "decode_share"},
    Metric{"throughput", "images/s", "higher", "Samples generated per second by all ranks together.",
           "1 / median over repetitions of (max over ranks of duration / sum over ranks of samples)", "images_per_s"},
    Metric{"speedup", "ratio", "higher",
           "Measured speed-up over the `full` cell with everything else equal, paired within rounds.",
           "median over rounds of (time per sample of the baseline / time per sample of the method)", "speedup"},
    Metric{
        "runtime_speedup", "ratio", "higher",
        "Best against best: measured speed-up over the fastest `full` cell among those that differ in runtime alone, "
        "paired within rounds; only where a run has several runtimes.",
        "median over rounds of (time per sample of the fastest baseline / time per sample of the method)",
        "runtime_speedup"},
    Metric{
        "rank_imbalance", "ratio", "lower",
        "Time that the slowest rank takes against the mean of all ranks; only with several ranks. The rule names the "
        "rank.",
        "max over ranks of median over repetitions of (duration / mean over ranks of duration)", ""},
    Metric{"theoretical_speedup", "ratio", "higher",
           "Speed-up that the saved arithmetic alone would give, from the trace of blocks really executed.",
           "FLOPs per sample of every block of the baseline's network / FLOPs per sample executed",
           "theoretical_speedup"},
    Metric{"realised_fraction", "ratio", "higher",
           "Share of the theoretical gain that the clock confirms; undefined where the theoretical speed-up is 1.",
           "(speedup - 1) / (theoretical_speedup - 1)", "realised_fraction"},
    Metric{"blocks_ratio", "ratio", "lower",
           "Share of the backbone's blocks that were executed, over all evaluations and rows.",
           "sum of blocks executed / (rows x blocks of the backbone)", "blocks_ratio"},
    Metric{"flops_per_sample", "FLOP", "lower",
           "Floating-point operations executed per sample over its whole trajectory, counted analytically from the "
           "trace, probes included.",
           "sum over evaluations of FLOPs of embedding, executed blocks, probes and head / traced samples",
           "flops_per_sample"},
    Metric{"null_overhead", "ratio", "lower",
           "Share of a cell's time that the harness and the solver take, priced by a null method that returns its "
           "input, paired within rounds.",
           "median over rounds of (time per sample of the null cell / time per sample of this cell)",
           "null_overhead_ratio"},
    Metric{"peak_memory", "bytes", "lower",
           "Largest resident memory of a process while it timed the cell, the largest rank counting.",
           "max over ranks of the resident set's peak", "peak_memory_bytes"},
    Metric{"device_memory", "bytes", "lower",
           "Largest memory that the allocator held on a GPU while the cell was timed, the largest rank counting.",
           "max over ranks of the allocator's peak", "device_memory_bytes"},
    Metric{"energy_per_sample", "J", "lower",
           "Energy per sample of the devices, or of the machines where devices do not tell, over all counted "
           "repetitions.",
           "sum over repetitions of energy / sum over repetitions of samples", "energy_j_per_sample"},
    Metric{"prepare_time", "ns", "lower",
           "Time before the first repetition that a method takes to measure, allocate or capture, the slowest rank "
           "counting.",
           "max over ranks of the preparation's duration", "prepare_ns"},
    Metric{"overhead_nvtx", "ratio", "lower", "What announcing ranges to a listening profiler costs a repetition.",
           "median over rounds of (duration with ranges / duration with nothing recorded)", ""},
    Metric{"overhead_activities", "ratio", "lower", "What recording activities costs a repetition.",
           "median over rounds of (duration with activities recorded / duration with nothing recorded)", ""},
    Metric{"overhead_everything", "ratio", "lower", "What recording activities with their shapes costs a repetition.",
           "median over rounds of (duration with everything recorded / duration with nothing recorded)", ""},
    Metric{"n_samples", "samples", "none", "Number of samples that a quality value was computed from.",
           "count of generated samples", "fid_n"},
};

}  // namespace diffbench::results
