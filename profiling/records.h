#pragma once
// What a profiling pass records on one rank, as plain data: scopes, activities and the strings that they name.
//
//   Profile profile = stop_recording();
//   for (const Activity& activity : profile.activities) std::puts(profile.strings[activity.name].c_str());
//
// Times are nanoseconds of CLOCK_REALTIME (what CUPTI stamps kernels with). Numbers that do not apply are kNone, or NaN
// where they are double. The tables of results/schema_profile.sql hold the same columns.

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

namespace diffbench::profiling {

inline constexpr std::int64_t kNone = -1;

enum class Phase : std::uint8_t { kSampling, kEvaluation, kEmbed, kBlock, kProbe, kCompact, kHead, kSolver, kDecode };

// A named, nested region of execution on one thread.
struct ScopeRecord {
  std::int64_t id = 0;          // from 1, unique on this rank; also the external correlation id handed to CUPTI
  std::int64_t parent = kNone;  // id of the enclosing scope of the same thread
  std::uint32_t name = 0;       // index into Profile::strings
  Phase phase = Phase::kSampling;
  std::int64_t thread = 0;    // the system's thread id
  std::int64_t cell = kNone;  // what the caller set with set_cell
  std::int64_t step = kNone;
  std::int64_t evaluation = kNone;
  double t = std::numeric_limits<double>::quiet_NaN();  // model time
  std::int64_t block = kNone;
  std::int64_t rows = kNone;         // rows computed
  std::int64_t rows_inside = kNone;  // of them not yet left; the others are carried along for nothing
  std::int64_t begin_ns = 0;
  std::int64_t end_ns = 0;
};

enum class ActivityKind : std::uint8_t { kKernel, kCopy, kSet, kCpuOperator, kApiCall, kSynchronization, kOverhead };

// How the scope of an activity is known.
enum class Attribution : std::uint8_t { kExternal, kGraphNode, kTimeOverlap, kUnattributed };

struct Activity {
  ActivityKind kind = ActivityKind::kCpuOperator;
  Attribution attribution = Attribution::kUnattributed;
  std::uint32_t name = 0;               // index into Profile::strings
  std::int64_t scope = kNone;           // innermost scope that caused it
  std::int64_t device = 0;              // 0 for the CPU of a machine without a GPU
  std::int64_t stream = 0;              // for the CPU: ordinal of the thread
  std::int64_t thread = kNone;          // that made the call
  std::int64_t correlation_id = kNone;  // links an API call to its kernel
  std::int64_t graph_node = kNone;
  std::int64_t begin_ns = 0;
  std::int64_t end_ns = 0;
  std::int64_t size_bytes = kNone;  // of a copy or a set
  std::int64_t shapes = kNone;      // index into Profile::strings, in the mode with shapes
  double flops = std::numeric_limits<double>::quiet_NaN();
  double moved_bytes = std::numeric_limits<double>::quiet_NaN();  // read and written at least, counted from shapes
};

struct Profile {
  std::string source;         // cpu_operator | cupti
  std::string source_reason;  // why a GPU's kernels were not recorded although there is one; else empty
  std::string device_name;
  bool with_shapes = false;
  std::int64_t process_id = 0;
  std::int64_t dropped_count = 0;
  std::int64_t realtime_ns = 0;  // one instant on both clocks
  std::int64_t monotonic_ns = 0;
  std::vector<std::string> strings;
  std::vector<ScopeRecord> scopes;  // in order of their end
  std::vector<Activity> activities;
};

}  // namespace diffbench::profiling
