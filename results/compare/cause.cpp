#include "results/compare/cause.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <string>

namespace diffbench::results {
namespace {

class Causes {
 public:
  Causes(const std::vector<Match>& matches, std::vector<Judged>& judged, bool is_paired)
      : matches_(matches), judged_(judged), is_paired_(is_paired) {
    for (Judged& one : judged_) {
      if (!one.contrast) continue;
      const MeasuredCell* cell = matches_[one.match].pair.newer;
      if (one.metric->name == "latency") latencies_[cell] = &one;
      if (one.metric->name == "speedup") speedups_[cell] = &one;
    }
  }

  void explain() {
    for (Judged& one : judged_) {
      if (!one.contrast) continue;
      if (!is_claim(one.row.verdict)) {
        one.row.reason = of_no_claim(one);
      } else if (one.metric->is_speed) {
        of_speed(one);
      } else {
        one.row.cause = Cause::kMethod;
        one.row.reason = claim(one);
      }
    }
  }

 private:
  static std::string claim(const Judged& one) {
    const std::string word(to_string(one.row.verdict));
    return word + " by " + effect_words(one.row);
  }

  static std::string of_no_claim(const Judged& one) {
    const VerdictRow& row = one.row;
    if (one.contrast->is_certain()) return row.verdict == Verdict::kSame ? "equal, or nearly" : "";
    const std::string seen = "changed by " + effect_words(row);
    if (row.verdict == Verdict::kSame) return seen;
    const std::string more =
        row.rounds_needed ? "; about " + std::to_string(*row.rounds_needed) + " more rounds would decide" : "";
    if (row.interval) return seen + (more.empty() && one.metric->needs_machine ? "; it lies on the border" : more);
    return seen + "; " + std::to_string(row.n) + " values support no interval at this level" + more;
  }

  void of_speed(Judged& one) {
    const MeasuredCell* cell = matches_[one.match].pair.newer;
    const MeasuredCell* full = matches_[one.match].pair.newer_baseline;
    const bool is_relative = one.metric->name == "speedup" || one.metric->name == "realised_fraction";
    if (is_relative) {
      of_speedup(one, find(latencies_, cell), find(latencies_, full));
    } else if (!full) {
      of_baseline(one, cell);
    } else {
      of_time(one, find(speedups_, cell), find(latencies_, full));
    }
  }

  // a method's time, percentile or throughput
  void of_time(Judged& one, const Judged* speedup, const Judged* full) {
    const Verdict verdict = one.row.verdict;
    if (speedup && speedup->row.verdict == verdict) {
      settle(one, Cause::kMethod, full_words(full) + ", so it is the method");
    } else if (full && full->row.verdict == verdict) {
      common(one, "full too, by " + effect_words(full->row));
    } else if (full && full->row.verdict == Verdict::kSame) {
      settle(one, Cause::kMethod, "full is unchanged, so it is the method");
    } else if (is_paired_) {
      settle(one, Cause::kMethod, "both took turns on one machine, so it is the method");
    } else {
      settle(one, Cause::kUnknown, "full may have changed as well: not known whether it is the method or the machine");
    }
  }

  // Against `full`'s doing only what the method's own time did counts.
  void of_speedup(Judged& one, const Judged* time, const Judged* full) {
    const Verdict verdict = one.row.verdict;
    const Verdict opposite = verdict == Verdict::kSlower ? Verdict::kFaster : Verdict::kSlower;
    const bool is_own = time && time->row.verdict == verdict;
    if (!is_own && full && full->row.verdict == opposite) {
      settle(one, Cause::kUnknown,
             "full became " + std::string(to_string(opposite)) + ", the cell itself did not change so");
    } else {
      settle(one, Cause::kMethod, "against full of the same run, so it is the method");
    }
  }

  // `full` itself: it is the machine, or what all share, when the others went the same way
  void of_baseline(Judged& one, const MeasuredCell* cell) {
    int others = 0;
    int along = 0;
    for (const auto& [other, latency] : latencies_) {
      if (matches_[latency->match].pair.newer_baseline != cell) continue;
      ++others;
      const double mine = find(latencies_, cell) ? find(latencies_, cell)->contrast->estimate() : 0;
      const double theirs = latency->contrast->estimate();
      along += mine * theirs > 0 && std::abs(theirs) > std::abs(mine) / 2 ? 1 : 0;
    }
    if (others > 0 && 2 * along >= others) {
      common(one, std::to_string(along) + " of " + std::to_string(others) + " other cells too");
    } else if (others > 0 || is_paired_) {
      settle(one, Cause::kMethod, others > 0 ? "the other cells did not, so it is the method" : "");
    } else {
      settle(one, Cause::kUnknown, "no other cell tells whether it is the method or the machine");
    }
  }

  void common(Judged& one, const std::string& who) const {
    if (is_paired_) {
      settle(one, Cause::kUnknown, who + ": it is something that all of them share");
    } else {
      settle(one, Cause::kMachine, who + ": it is the machine, or something that all cells share");
    }
  }

  static std::string full_words(const Judged* full) {
    if (!full || full->row.verdict == Verdict::kUndecided) return "full did not change as much";
    if (full->row.verdict == Verdict::kSame) return "full is unchanged";
    return "full is " + std::string(to_string(full->row.verdict)) + " by " + effect_words(full->row);
  }

  static void settle(Judged& one, Cause cause, const std::string& why) {
    one.row.cause = cause;
    one.row.reason = claim(one) + (why.empty() ? "" : "; " + why);
  }

  static const Judged* find(const std::map<const MeasuredCell*, Judged*>& rows, const MeasuredCell* cell) {
    const auto found = rows.find(cell);
    return found == rows.end() ? nullptr : found->second;
  }

  const std::vector<Match>& matches_;
  std::vector<Judged>& judged_;
  bool is_paired_;
  std::map<const MeasuredCell*, Judged*> latencies_{};
  std::map<const MeasuredCell*, Judged*> speedups_{};
};

}  // namespace

void explain_causes(const std::vector<Match>& matches, std::vector<Judged>& judged, bool is_paired) {
  Causes(matches, judged, is_paired).explain();
}

}  // namespace diffbench::results
