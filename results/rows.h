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

struct MachineRow {
  std::string host{};
  std::optional<std::string> cpu_model{};
  std::optional<std::int64_t> core_count{};
  std::optional<std::int64_t> memory_bytes{};
  std::string gpu_names = "[]";  // JSON array, one entry per device
  std::optional<std::string> os{};
  std::optional<std::string> compiler{};
  std::optional<std::string> compiler_flags{};
  std::optional<std::string> torch_version{};
  std::optional<std::string> mpi_version{};
  std::optional<std::string> cuda_version{};
  std::optional<std::string> driver_version{};
  std::optional<std::string> governor{};
  std::optional<double> load_average_1min{};
};

struct RankRow {
  int rank = 0;
  std::string host{};  // one of the run's machines
  std::string device{};
  int threads = 1;
  std::int64_t pid = 0;
};

enum class CellStatus { kPending, kOk, kSkipped, kFailed };
enum class CellRole { kMethod, kBaseline, kNull };

struct CellRow {
  std::string key{};  // readable identity, the same whenever the same suite is planned; unique in its run
  std::string method{};
  std::string method_label{};        // what figures print
  std::string method_params = "{}";  // JSON object
  CellRole role = CellRole::kMethod;
  std::string baseline_key{};  // the cell that speed-ups are taken against; empty: none
  std::string model{};
  std::string model_fingerprint{};
  std::string solver{};
  std::string solver_params = "{}";  // JSON object
  std::string grid{};
  int steps = 1;
  int batch = 1;  // rows per rank and repetition
  std::string precision = "fp32";
  std::string device = "cpu";
  int ranks = 1;
  std::string scenario = "offline";  // offline | single_stream | server
};

struct StoredCell {
  std::int64_t id = 0;
  CellRow row;
  CellStatus status = CellStatus::kPending;
  std::string reason{};  // empty: none
};

struct TimingRow {
  std::int64_t cell = 0;
  int round = 0;
  int repetition = 0;
  int rank = 0;
  std::int64_t started_ns = 0;
  std::int64_t duration_ns = 0;
  std::int64_t samples = 0;
  std::optional<std::string> discard_reason{};  // set: kept as a fact, left out of every statistic (warm_up, throttled)
};

struct EvaluationRow {
  int evaluation = 0;
  double t = 0;
  std::int64_t rows = 0;
  double blocks_executed_mean = 0;  // per row
  double flops_per_row = 0;         // without the probes
  double probe_flops_per_row = 0;
  double blocks_carried_mean = 0;  // the part of blocks_executed_mean for rows that had left already
  std::int64_t compaction_count = 0;
};

struct ExitCountRow {
  int evaluation = 0;
  int block = 0;  // blocks executed before the head: 0 .. block_count
  std::int64_t rows = 0;
};

struct TraceRow {
  int block_count = 1;          // of the model's full backbone
  double flops_per_sample = 0;  // mean over samples, whole trajectory, probes included
  double flops_full = 0;        // the same trajectory with every block executed
  std::vector<EvaluationRow> evaluations{};
  std::vector<ExitCountRow> exit_counts{};
};

struct QualityRow {
  std::int64_t cell = 0;
  std::string metric{};  // a name of the metric table
  double value = 0;
  std::optional<double> low{};  // interval: both ends or none
  std::optional<double> high{};
  std::int64_t n = 0;
  std::string extractor_sha{};
  std::string reference_sha{};
  std::string sample_checksum{};  // hex
};

struct FeatureShardRow {
  std::int64_t cell = 0;
  int shard = 0;
  std::int64_t first_sample = 0;
  std::int64_t sample_count = 0;
  std::vector<double> feature_sum{};    // [width]
  std::vector<double> feature_outer{};  // [width, width], row by row: sum over samples of f f^T
  std::string sample_checksum{};        // hex
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
