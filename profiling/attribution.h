#pragma once
// Which scope caused an activity, where the activity does not say so itself, and how far two ways of knowing agree.
//
//   attribute_by_time(profile);                                       // fills what has no scope
//   const AttributionCheck check = check_attribution(profile);        // check.time_share() >= 0.999
//
// An activity belongs to the innermost scope of its thread that encloses it wholly. A kernel has no thread: the API
// call with its correlation id is looked at instead, as the call is where it was caused. All functions are pure but for
// the profile they are given, and cost O(n log n).

#include <array>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "profiling/records.h"

namespace diffbench::profiling {

// The scopes of a recording by thread and time.
class ScopeIndex {
 public:
  explicit ScopeIndex(const std::vector<ScopeRecord>& scopes);

  // id of the innermost scope of the thread that encloses [begin_ns, end_ns], or kNone
  std::int64_t find(std::int64_t thread, std::int64_t begin_ns, std::int64_t end_ns) const;

 private:
  struct Interval {
    std::int64_t begin_ns;
    std::int64_t end_ns;
    std::int64_t id;
    std::int64_t outer;  // index of the enclosing one, or kNone
  };
  std::unordered_map<std::int64_t, std::vector<Interval>> threads_;  // in order of begin, outer before inner
};

// Gives activities with Attribution::kUnattributed a scope by time, and Attribution::kTimeOverlap; returns how many got
// one.
std::int64_t attribute_by_time(Profile& profile);

// Activities that know their scope by external id, against what time would have said.
struct AttributionCheck {
  std::int64_t compared_count = 0;
  std::int64_t agreeing_count = 0;
  std::int64_t compared_ns = 0;
  std::int64_t agreeing_ns = 0;

  double count_share() const;  // 1 where nothing was compared
  double time_share() const;
};
AttributionCheck check_attribution(const Profile& profile);

// Time of all activities by how they were attributed; the index is static_cast<std::size_t>(Attribution).
struct AttributedTime {
  std::array<std::int64_t, 4> time_ns{};
  std::array<std::int64_t, 4> count{};

  double attributed_share() const;  // of the time; 1 without activities
};
AttributedTime attributed_time(const Profile& profile);

// Kernels launched by a CUDA graph carry the node of the executable graph. That is a clone of a node that was captured,
// maybe over several steps, and the scope that was open at the capture says which layer the kernel is.
class GraphNodes {
 public:
  void created(std::int64_t node, std::int64_t scope) { scopes_[node] = scope; }
  void cloned(std::int64_t clone, std::int64_t original) { originals_[clone] = original; }
  std::int64_t scope_of(std::int64_t node) const;  // or kNone

 private:
  std::unordered_map<std::int64_t, std::int64_t> scopes_;
  std::unordered_map<std::int64_t, std::int64_t> originals_;
};

}  // namespace diffbench::profiling
