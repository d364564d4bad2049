#include "profiling/attribution.h"

#include <algorithm>

namespace diffbench::profiling {
namespace {

// Finds scopes by time for any activity of a profile.
class TimeAttribution {
 public:
  explicit TimeAttribution(const Profile& profile) : scopes_(profile.scopes) {
    for (const Activity& activity : profile.activities) {
      if (activity.kind == ActivityKind::kApiCall && activity.correlation_id != kNone) {
        calls_.try_emplace(activity.correlation_id, Call{activity.thread, activity.begin_ns, activity.end_ns});
      }
    }
  }
  std::int64_t find(const Activity& activity) const {
    if (activity.thread != kNone) {
      return scopes_.find(activity.thread, activity.begin_ns, activity.end_ns);
    }
    const auto call = calls_.find(activity.correlation_id);
    if (activity.correlation_id == kNone || call == calls_.end()) {
      return kNone;
    }
    return scopes_.find(call->second.thread, call->second.begin_ns, call->second.end_ns);
  }

 private:
  struct Call {
    std::int64_t thread;
    std::int64_t begin_ns;
    std::int64_t end_ns;
  };
  ScopeIndex scopes_;
  std::unordered_map<std::int64_t, Call> calls_;
};

double share(std::int64_t part, std::int64_t whole) {
  return whole == 0 ? 1.0 : static_cast<double>(part) / static_cast<double>(whole);
}

}  // namespace

ScopeIndex::ScopeIndex(const std::vector<ScopeRecord>& scopes) {
  for (const ScopeRecord& scope : scopes) {
    threads_[scope.thread].push_back({scope.begin_ns, scope.end_ns, scope.id, kNone});
  }
  for (auto& [thread, intervals] : threads_) {
    // ids grow with nesting, which orders scopes that begin and end at the same tick
    std::sort(intervals.begin(), intervals.end(), [](const Interval& a, const Interval& b) {
      return a.begin_ns != b.begin_ns ? a.begin_ns < b.begin_ns
             : a.end_ns != b.end_ns   ? a.end_ns > b.end_ns
                                      : a.id < b.id;
    });
    std::vector<std::int64_t> open;
    for (std::size_t i = 0; i < intervals.size(); ++i) {
      while (!open.empty() && intervals[static_cast<std::size_t>(open.back())].end_ns < intervals[i].end_ns) {
        open.pop_back();
      }
      intervals[i].outer = open.empty() ? kNone : open.back();
      open.push_back(static_cast<std::int64_t>(i));
    }
  }
}

std::int64_t ScopeIndex::find(std::int64_t thread, std::int64_t begin_ns, std::int64_t end_ns) const {
  const auto found = threads_.find(thread);
  if (found == threads_.end()) {
    return kNone;
  }
  const std::vector<Interval>& intervals = found->second;
  const auto after =
      std::upper_bound(intervals.begin(), intervals.end(), begin_ns,
                       [](std::int64_t time, const Interval& interval) { return time < interval.begin_ns; });
  for (std::int64_t i = after - intervals.begin() - 1; i != kNone; i = intervals[static_cast<std::size_t>(i)].outer) {
    const Interval& interval = intervals[static_cast<std::size_t>(i)];
    if (interval.end_ns >= end_ns) {
      return interval.id;
    }
  }
  return kNone;
}

std::int64_t attribute_by_time(Profile& profile) {
  const TimeAttribution by_time(profile);
  std::int64_t count = 0;
  for (Activity& activity : profile.activities) {
    if (activity.attribution != Attribution::kUnattributed) {
      continue;
    }
    activity.scope = by_time.find(activity);
    if (activity.scope != kNone) {
      activity.attribution = Attribution::kTimeOverlap;
      ++count;
    }
  }
  return count;
}

AttributionCheck check_attribution(const Profile& profile) {
  const TimeAttribution by_time(profile);
  AttributionCheck check;
  for (const Activity& activity : profile.activities) {
    if (activity.attribution != Attribution::kExternal) {
      continue;
    }
    const std::int64_t time_ns = activity.end_ns - activity.begin_ns;
    const bool agrees = by_time.find(activity) == activity.scope;
    ++check.compared_count;
    check.compared_ns += time_ns;
    check.agreeing_count += agrees ? 1 : 0;
    check.agreeing_ns += agrees ? time_ns : 0;
  }
  return check;
}

double AttributionCheck::count_share() const { return share(agreeing_count, compared_count); }
double AttributionCheck::time_share() const { return share(agreeing_ns, compared_ns); }

AttributedTime attributed_time(const Profile& profile) {
  AttributedTime sum;
  for (const Activity& activity : profile.activities) {
    const auto i = static_cast<std::size_t>(activity.attribution);
    sum.time_ns[i] += activity.end_ns - activity.begin_ns;
    ++sum.count[i];
  }
  return sum;
}

double AttributedTime::attributed_share() const {
  const std::int64_t lost = time_ns[static_cast<std::size_t>(Attribution::kUnattributed)];
  return share(time_ns[0] + time_ns[1] + time_ns[2], time_ns[0] + time_ns[1] + time_ns[2] + lost);
}

std::int64_t GraphNodes::scope_of(std::int64_t node) const {
  for (std::size_t hop = 0; hop <= originals_.size(); ++hop) {
    if (const auto scope = scopes_.find(node); scope != scopes_.end()) {
      return scope->second;
    }
    const auto original = originals_.find(node);
    if (original == originals_.end()) {
      return kNone;
    }
    node = original->second;
  }
  return kNone;  // clones of each other: the records are wrong
}

}  // namespace diffbench::profiling
