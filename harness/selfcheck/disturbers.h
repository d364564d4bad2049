#pragma once
// What disturbs measurements on this machine, watched while something is measured, and what to do about each.
//
//   Watch watch;
//   while (measuring) { repeat(); watch.look(); }
//   const double ours = sum_over_ranks_here(watch.own_seconds());
//   for (const Finding& one : watch.findings({.ranks = 2, .threads = 1, .own_seconds = ours})) print(one.what);
//
// Reads /proc and /sys and the clocks; what a system does not tell is not looked at, and is said so.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace diffbench::selfcheck {

struct Finding {
  std::string name{};    // "other load", ...
  std::string what{};    // as measured
  std::string advice{};  // empty: nothing to do
};

struct Layout {
  int ranks = 1;           // on this machine
  int threads = 1;         // of each
  double own_seconds = 0;  // processor time of all of them while watched: what is beyond it is others' load
};

class Watch {
 public:
  explicit Watch(std::filesystem::path root = "/");

  void look();
  double own_seconds() const;  // of this process since it began to watch
  std::vector<Finding> findings(const Layout& layout) const;

 private:
  struct Cpu {
    double busy_s = 0;   // of all cores, everybody's
    double steal_s = 0;  // taken by the hypervisor
  };
  std::optional<Cpu> read_cpu() const;
  Finding other_load(double own_seconds) const;
  Finding steal() const;
  Finding frequency() const;
  Finding layout(const Layout& layout) const;
  Finding clock() const;
  Finding pauses() const;

  std::filesystem::path root_;
  std::optional<Cpu> first_{};
  std::optional<Cpu> last_{};
  double first_own_s_ = 0;
  std::int64_t started_ns_ = 0;
  std::int64_t started_raw_ns_ = 0;
  std::int64_t started_realtime_ns_ = 0;
  double slowest_mhz_ = 0;
  double fastest_mhz_ = 0;
};

}  // namespace diffbench::selfcheck
