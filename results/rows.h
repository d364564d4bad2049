#pragma once
// One plain struct per arrow into the results file; members are the columns of schema.sql (README.md explains each).
//
//   store.add_timings({{.cell = cell, .round = 3, .repetition = 0, .rank = 1, .started_ns = 5'000'000'000,
//                       .duration_ns = 41'000'000, .samples = 64}});
//
// An empty optional is NULL. Every member has an initialiser, so g++ accepts `{.member = ...}` that leaves some out.
// Times `*_ns` of one run count from its start.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace diffbench::results {

struct RunRow {
  std::string suite_name{};
  std::string suite_text{};
  std::string suite_sha{};  // of everything that decides the cells: the text with --set and --only applied
  std::int64_t seed = 0;
  std::string argv = "[]";    // JSON array
  std::string started_utc{};  // ISO 8601; empty: now
  std::optional<std::string> git_sha{};
  std::optional<bool> git_dirty{};
  std::string program_version{};
};

// Which part of a run that is made in several (run --part 3/8).
struct PartRow {
  int part = 1;
  int part_count = 1;
  std::string host{};
};

struct MachineRow {
  std::string host{};
  std::optional<std::string> cpu_model{};
  std::optional<std::int64_t> core_count{};
  std::optional<std::int64_t> memory_bytes{};
  std::optional<std::int64_t> usable_core_count{};  // by affinity and container quota, rounded up
  std::string gpu_names = "[]";                     // JSON array, one entry per device
  std::optional<std::string> os{};
  std::optional<std::string> kernel{};
  std::optional<std::string> compiler{};
  std::optional<std::string> compiler_flags{};
  std::optional<std::string> build_type{};
  std::optional<std::string> torch_version{};
  std::optional<std::string> mpi_version{};
  std::optional<std::string> cuda_version{};
  std::optional<std::string> driver_version{};
  std::optional<std::string> governor{};
  std::optional<std::string> turbo{};       // on | off
  std::optional<std::string> smt{};         // on | off
  std::optional<std::string> huge_pages{};  // always | madvise | never
  std::optional<std::string> clock_source{};
  std::optional<std::string> allocator{};
  std::string settings = "{}";  // JSON object: variables that decide threads and devices
  std::optional<double> load_average_1min{};
};

struct RankRow {
  int rank = 0;
  std::string host{};  // one of the run's machines
  std::string device{};
  int threads = 1;  // as the suite says
  std::optional<int> torch_threads{};
  std::optional<int> omp_threads{};
  std::optional<std::string> binding{};  // cores that the process may run on: "0-3,8"
  std::int64_t pid = 0;
};

// what the registry says of a method
struct MethodRow {
  std::string name{};
  std::string summary{};
  std::optional<std::string> knob{};  // the parameter that trades quality for speed
  std::string knob_text = "{}";
};

enum class CellStatus { kPending, kOk, kSkipped, kFailed };
enum class CellRole { kMethod, kBaseline, kNull };

struct CellRow {
  std::string key{};  // readable identity, the same whenever the same suite is planned; unique in its run
  std::string method{};
  std::string method_label{};        // what figures print
  std::string method_params = "{}";  // JSON object, defaults filled in
  std::string given_params = "{}";   // as the suite has them
  std::string decides = "time";      // what the blocks of a row depend on: time | row | batch
  CellRole role = CellRole::kMethod;
  std::string baseline_key{};  // the cell that speed-ups are taken against; empty: none
  std::string model{};
  std::string model_fingerprint{};
  std::string solver{};
  std::string solver_params = "{}";  // JSON object, defaults filled in
  std::string given_solver_params = "{}";
  std::string grid{};
  int steps = 1;
  int batch = 1;  // rows per rank and repetition
  std::string precision = "fp32";
  std::string runtime = "eager";
  std::string device = "cpu";
  int ranks = 1;
  int threads = 1;
  double guidance = 1.0;
  std::optional<std::string> guidance_interval{};  // JSON array of two times
  std::string guidance_exits = "joint";
  std::string scenario = "offline";  // offline | single_stream | server
  std::string identity{};            // hash of all that decides what the cell does
};

// a file that a cell read
struct ArtifactRow {
  std::string role{};
  std::string path{};
  std::string sha256{};
};

// blocks that a method runs at from_t <= t < to_t
struct PlannedDepthRow {
  double from_t = 0;
  double to_t = 0;
  double blocks = 0;
};

struct PreparationRow {
  int rank = 0;
  std::int64_t duration_ns = 0;
  std::string decisions = "{}";  // JSON
};

enum class Pass { kTiming, kProfile, kOverhead };

// one warm-up of a cell, from its first repetition to the reason why it ended
struct WarmupRow {
  Pass pass = Pass::kTiming;
  std::vector<std::int64_t> durations_ns{};  // of the slowest rank
  bool converged = false;
  std::string reason{};  // windows_agree | max_seconds | max_repetitions
};

struct MemoryPeakRow {
  int rank = 0;
  std::optional<std::int64_t> process_bytes{};
  std::optional<std::int64_t> device_bytes{};
};

struct EstimateRow {
  std::int64_t cell = 0;
  std::string metric{};
  double value = 0;
  std::optional<double> low{};  // both ends or none
  std::optional<double> high{};
  double confidence = 0.95;
  std::int64_t n = 0;
  std::string rule{};
};

// Why the measuring of a cell ended: at the end that had been planned, whatever its times were. What `ab` ended because
// of what it saw has another reason.
inline constexpr std::string_view kTimeIsUp = "max_seconds";

struct StoredCell {
  std::int64_t id = 0;
  CellRow row;
  CellStatus status = CellStatus::kPending;
  std::string reason{};       // empty: none
  std::string stop_reason{};  // empty: the measuring has not ended
};

struct TimingRow {
  std::int64_t cell = 0;
  int round = 0;
  int repetition = 0;
  int rank = 0;
  std::int64_t started_ns = 0;
  std::int64_t duration_ns = 0;
  std::int64_t samples = 0;
  std::int64_t decode_ns = 0;  // the decoder's part of duration_ns
  std::optional<std::int64_t> page_fault_count{};
  std::optional<std::int64_t> steal_ns{};
  std::optional<std::int64_t> core_wait_ns{};
  std::optional<double> energy_j{};
  std::optional<std::string> discard_reason{};  // set: kept as a fact, left out of every statistic
  std::optional<std::string> disturbance{};     // set: counts, but something came between
};

// sums over rows and counted rounds
struct EvaluationRow {
  int evaluation = 0;
  double t = 0;
  std::int64_t rows = 0;
  double blocks_executed = 0;
  double flops = 0;  // probes included
  double probe_flops = 0;
  double blocks_carried = 0;  // the part of blocks_executed for rows that had left already
  std::int64_t compaction_count = 0;
};

struct ExitCountRow {
  int evaluation = 0;
  int block = 0;  // blocks executed before the head: 0 .. block_count
  std::int64_t rows = 0;
};

struct TraceRow {
  int block_count = 1;       // of the model's full backbone
  double flops_full = 0;     // of one sample's trajectory with every block executed
  std::int64_t samples = 0;  // that the rows below speak of
  std::vector<EvaluationRow> evaluations{};
  std::vector<ExitCountRow> exit_counts{};
};

// a quality metric as a results file knows it
struct MetricRow {
  std::string name{};
  std::string unit{};
  std::string better{};  // lower | higher
  std::string definition{};
  std::string formula{};
  std::string summary_column{};  // of view cell_summary; empty: none
  std::string comparison{};      // ratio | difference; empty: not compared
  double smallest_effect = 0;
};

// a network that quality values come from
struct ExtractorRow {
  int place = 1;       // 0: none, pixels alone; 1: the one that tables and figures show first
  std::string name{};  // as the suite has it
  std::string mode{};
  std::string to_uint8{};
  std::string sha256{};
  std::string reference{};
  std::string reference_sha{};
};

// under which cell the samples of a cell are stored
struct JudgementRow {
  std::int64_t cell = 0;
  std::int64_t owner = 0;
  std::int64_t class_count = 0;
  std::optional<std::int64_t> baseline{};  // of the cell
  bool is_ok = false;                      // pending or ok: not failed or skipped
};

struct QualityRow {
  std::int64_t cell = 0;
  std::string metric{};                 // a name of the metric table
  int extractor = 1;                    // its place
  std::optional<std::int64_t> label{};  // set: within this class alone
  double value = 0;
  std::optional<double> low{};  // interval: both ends or none
  std::optional<double> high{};
  double confidence = 0.95;
  std::string rule{};
  std::int64_t n = 0;
  std::string sample_checksum{};  // hex; of a class: not stored
};

// the value of a metric at fewer of the samples
struct QualityCurveRow {
  std::int64_t cell = 0;
  std::string metric{};
  int extractor = 1;
  std::int64_t n = 0;
  double value = 0;
};

struct FeatureShardRow {
  std::int64_t cell = 0;
  int extractor = 1;
  int shard = 0;
  std::int64_t first_sample = 0;
  std::int64_t sample_count = 0;
  std::int64_t width = 0;
  std::vector<float> features{};  // [sample_count, width]
  std::vector<float> logits{};    // [sample_count, classes]; empty: none
  std::vector<float> spatial{};   // [sample_count, S]; empty: none
  std::string sample_checksum{};  // hex
};

struct SamplingWorkRow {
  std::int64_t cell = 0;
  int rank = 0;
  std::int64_t batch_count = 0;
  std::int64_t sample_count = 0;
  std::int64_t sampling_ns = 0;
  std::int64_t features_ns = 0;
  std::int64_t storing_ns = 0;
};

struct FeatureStatisticsRow {
  std::int64_t cell = 0;
  int extractor = 1;
  std::int64_t sample_count = 0;
  std::vector<double> mean{};        // [width]
  std::vector<double> covariance{};  // [width, width]
  std::string sample_checksum{};
};

struct ImageShardRow {
  std::int64_t cell = 0;
  int shard = 0;
  std::int64_t first_sample = 0;
  std::int64_t sample_count = 0;
  std::int64_t channels = 0;
  std::int64_t height = 0;
  std::int64_t width = 0;
  std::vector<std::uint8_t> pixels{};  // [sample_count, channels, height, width]
};

struct SampleRow {
  std::int64_t cell = 0;
  std::int64_t sample_index = 0;
  std::optional<std::int64_t> label{};
  int width = 0;
  int height = 0;
  int channels = 1;                    // 1 or 3
  std::vector<std::uint8_t> pixels{};  // [height, width, channels]
};

}  // namespace diffbench::results
