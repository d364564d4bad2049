#pragma once
// The profile of one rank as the results file takes it: members are the columns of the tables profile, scope, activity,
// ceiling, profile_overhead and telemetry (README.md explains each).
//
//   ProfileRow profile{.rank = 0, .source = "cpu_operator", .device_name = "CPU"};
//   profile.strings = {"block", "addmm"};
//   profile.scopes = {{.id = 1, .name = 0, .phase = ScopePhase::kBlock, .cell = cell, .begin_ns = 10, .end_ns = 90}};
//   profile.activities = {{.kind = ActivityKind::kCpuOperator, .attribution = Attribution::kExternal, .name = 1,
//                          .scope = 1, .begin_ns = 20, .end_ns = 80}};
//   store.put_profile(run, profile);
//
// A profile holds millions of rows, so numbers that do not apply are kNoNumber or NaN here, not optionals; in the file
// they are NULL. Times are nanoseconds of CLOCK_REALTIME, since 1970. `name` and `shapes` count in `strings`.

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace diffbench::results {

inline constexpr std::int64_t kNoNumber = -1;
inline constexpr double kNoReal = std::numeric_limits<double>::quiet_NaN();

enum class ScopePhase : std::uint8_t {
  kSampling,
  kEvaluation,
  kEmbed,
  kBlock,
  kProbe,
  kCompact,
  kHead,
  kSolver,
  kDecode
};

struct ScopeRow {
  std::int64_t id = 0;  // from 1, unique among the scopes of one ProfileRow, a parent's below its children's
  std::int64_t parent = kNoNumber;  // id of the enclosing scope of the same thread
  std::uint32_t name = 0;
  ScopePhase phase = ScopePhase::kSampling;
  std::int64_t thread = 0;  // the system's thread id
  std::int64_t cell = kNoNumber;
  std::int64_t step = kNoNumber;
  std::int64_t evaluation = kNoNumber;
  double t = kNoReal;
  std::int64_t block = kNoNumber;
  std::int64_t rows = kNoNumber;
  std::int64_t rows_inside = kNoNumber;
  std::int64_t begin_ns = 0;
  std::int64_t end_ns = 0;
};

enum class ActivityKind : std::uint8_t { kKernel, kCopy, kSet, kCpuOperator, kApiCall, kSynchronization, kOverhead };
enum class Attribution : std::uint8_t { kExternal, kGraphNode, kTimeOverlap, kNone };

struct ActivityRow {
  ActivityKind kind = ActivityKind::kCpuOperator;
  Attribution attribution = Attribution::kNone;  // kNone exactly where there is no scope
  std::uint32_t name = 0;
  std::int64_t scope = kNoNumber;
  std::int64_t device = 0;
  std::int64_t stream = 0;
  std::int64_t thread = kNoNumber;
  std::int64_t correlation_id = kNoNumber;
  std::int64_t graph_node = kNoNumber;
  std::int64_t begin_ns = 0;
  std::int64_t end_ns = 0;
  std::int64_t size_bytes = kNoNumber;
  std::int64_t shapes = kNoNumber;
  double flops = kNoReal;
  double moved_bytes = kNoReal;
};

struct ProfileRow {
  int rank = 0;
  std::string source = "cpu_operator";  // cpu_operator | cupti
  std::string source_reason{};          // empty: NULL
  std::string device_name{};
  bool with_shapes = false;
  std::int64_t process_id = 0;
  std::int64_t dropped_count = 0;
  std::int64_t realtime_ns = 0;
  std::int64_t monotonic_ns = 0;
  std::vector<std::string> strings{};
  std::vector<ScopeRow> scopes{};         // any order
  std::vector<ActivityRow> activities{};  // any order; the file keeps them in the order of their begin
};

struct CeilingRow {
  int rank = 0;
  std::string quantity{};   // flops_per_s | bytes_per_s
  std::string precision{};  // of the matrix product; empty for bytes_per_s
  double value = 0;
};

struct ProfileOverheadRow {
  std::string mode{};  // off | nvtx | activities | everything
  int round = 0;
  int rank = 0;
  std::int64_t duration_ns = 0;
};

struct TelemetryRow {
  std::string host{};  // one of the run's machines
  std::string device{};
  std::int64_t sampled_ns = 0;
  std::optional<std::int64_t> clock_hz{};
  std::optional<std::int64_t> memory_clock_hz{};
  std::optional<double> power_w{};
  std::optional<double> energy_j{};
  std::optional<double> temperature_c{};
  std::optional<std::int64_t> memory_bytes{};
  std::optional<std::int64_t> throttle_bits{};
};

// The words of the file.
std::string_view to_string(ScopePhase phase);
std::string_view to_string(ActivityKind kind);
std::string_view to_string(Attribution attribution);

}  // namespace diffbench::results
