#include "harness/selfcheck/disturbers.h"

#include <spdlog/fmt/fmt.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <sstream>

#include "harness/environment/machine_settings.h"
#include "harness/environment/usable_cores.h"

namespace diffbench::selfcheck {
namespace {

std::int64_t now_ns(clockid_t clock) {
  timespec now{};
  ::clock_gettime(clock, &now);
  return std::int64_t{1'000'000'000} * now.tv_sec + now.tv_nsec;
}

double process_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec);
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

// the clock of each core, MHz; empty where the system does not say
std::vector<double> core_clocks(const std::filesystem::path& root) {
  std::ifstream in(root / "proc/cpuinfo");
  std::vector<double> clocks;
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("cpu MHz")) clocks.push_back(std::atof(line.c_str() + line.find(':') + 1));
  }
  return clocks;
}

}  // namespace

Watch::Watch(std::filesystem::path root)
    : root_(std::move(root)),
      first_(read_cpu()),
      first_own_s_(process_seconds()),
      started_ns_(now_ns(CLOCK_MONOTONIC)),
      started_raw_ns_(now_ns(CLOCK_MONOTONIC_RAW)),
      started_realtime_ns_(now_ns(CLOCK_REALTIME)) {
  look();
}

void Watch::look() {
  last_ = read_cpu();
  for (const double mhz : core_clocks(root_)) {
    slowest_mhz_ = slowest_mhz_ == 0 ? mhz : std::min(slowest_mhz_, mhz);
    fastest_mhz_ = std::max(fastest_mhz_, mhz);
  }
}

std::optional<Watch::Cpu> Watch::read_cpu() const {
  std::ifstream in(root_ / "proc/stat");
  std::string name;
  double user = 0, nice = 0, system = 0, idle = 0, wait = 0, irq = 0, soft = 0, stolen = 0;
  if (!(in >> name >> user >> nice >> system >> idle >> wait >> irq >> soft >> stolen)) return std::nullopt;
  const auto ticks = static_cast<double>(::sysconf(_SC_CLK_TCK));
  return Cpu{.busy_s = (user + nice + system + irq + soft) / ticks, .steal_s = stolen / ticks};
}

double Watch::own_seconds() const { return process_seconds() - first_own_s_; }

Finding Watch::other_load(double own_seconds) const {
  Finding finding{.name = "other load"};
  if (!first_ || !last_) return {.name = finding.name, .what = "not readable (/proc/stat)"};
  const double seconds = 1e-9 * static_cast<double>(now_ns(CLOCK_MONOTONIC) - started_ns_);
  const double others = std::max(0.0, (last_->busy_s - first_->busy_s) - own_seconds) / seconds;
  finding.what = fmt::format("other processes used {:.2f} cores", others);
  if (others > 0.05) {
    finding.advice =
        "end what else runs (top shows it); cells that ran beside it are flagged as having waited for a core";
  }
  return finding;
}

Finding Watch::steal() const {
  Finding finding{.name = "steal time"};
  if (!first_ || !last_) return {.name = finding.name, .what = "not readable (/proc/stat)"};
  const double seconds = 1e-9 * static_cast<double>(now_ns(CLOCK_MONOTONIC) - started_ns_);
  const double share = (last_->steal_s - first_->steal_s) / seconds;
  finding.what = fmt::format("the hypervisor took {:.2f} % of a core", 100 * share);
  if (share > 0.01) finding.advice = "the host is shared: use `diffbench ab`, or a host of your own for absolute times";
  return finding;
}

Finding Watch::frequency() const {
  const auto settings = environment::read_machine_settings(root_);
  Finding finding{.name = "frequency scaling"};
  if (fastest_mhz_ == 0) return {.name = finding.name, .what = "the clocks are not readable"};
  finding.what = fmt::format("core clocks between {:.0f} and {:.0f} MHz; governor {}, turbo {}", slowest_mhz_,
                             fastest_mhz_, settings.governor.empty() ? "not readable" : settings.governor,
                             settings.turbo.empty() ? "not readable" : settings.turbo);
  if (fastest_mhz_ > 1.03 * slowest_mhz_) {
    finding.advice =
        "fix the clock: cpupower frequency-set -g performance, and turbo off, for absolute times; ratios "
        "within a run do not need it";
  }
  return finding;
}

Finding Watch::layout(const Layout& layout) const {
  const auto cores = environment::allowed_cores();
  const int usable =
      environment::usable_core_count(static_cast<int>(cores.size()), environment::container_quota(root_));
  const auto settings = environment::read_machine_settings(root_);
  const int wanted = layout.ranks * layout.threads;
  Finding finding{.name = "thread layout"};
  finding.what =
      fmt::format("{} ranks of {} threads on {} usable cores ({}), SMT {}", layout.ranks, layout.threads, usable,
                  environment::core_list(cores), settings.smt.empty() ? "not readable" : settings.smt);
  if (wanted > usable) {
    finding.advice = "fewer ranks or threads: they wait for each other's cores";
  } else if (std::getenv("OMP_NUM_THREADS") == nullptr) {
    finding.advice = "set OMP_NUM_THREADS to the suite's threads: libraries beside LibTorch look at it";
  } else if (settings.smt == "on" && 2 * wanted > usable) {
    finding.advice = "two threads may share a core: bind ranks to cores, or turn SMT off";
  }
  return finding;
}

Finding Watch::clock() const {
  const auto steady = now_ns(CLOCK_MONOTONIC) - started_ns_;
  const auto raw = now_ns(CLOCK_MONOTONIC_RAW) - started_raw_ns_;
  const auto wall = now_ns(CLOCK_REALTIME) - started_realtime_ns_;
  const auto source = environment::read_machine_settings(root_).clock_source;
  const double slewed = static_cast<double>(steady - raw) / static_cast<double>(std::max<std::int64_t>(raw, 1));
  Finding finding{.name = "clock"};
  finding.what = fmt::format("source {}; steered by {:.0f} ppm; the wall clock jumped by {:.1f} ms",
                             source.empty() ? "not readable" : source, 1e6 * slewed,
                             1e-6 * std::abs(static_cast<double>(wall - steady)));
  if (std::abs(slewed) > 1e-3) {
    finding.advice = "the clock is being steered by more than 0.1 %: let NTP settle before measuring";
  } else if (!source.empty() && source != "tsc" && source != "arch_sys_counter" && source != "kvm-clock") {
    finding.advice = "each look at this clock is a system call: short scopes of profiles look longer than they are";
  }
  return finding;
}

// What a busy core does not get: gaps between looks at the clock that take 50 ns each.
Finding Watch::pauses() const {
  constexpr std::int64_t kSecond = 1'000'000'000;
  constexpr std::int64_t kPause = 50'000;
  std::int64_t longest = 0;
  std::int64_t lost = 0;
  const auto start = now_ns(CLOCK_MONOTONIC);
  for (auto before = start; before - start < kSecond;) {
    const auto now = now_ns(CLOCK_MONOTONIC);
    if (now - before > kPause) lost += now - before;
    longest = std::max(longest, now - before);
    before = now;
  }
  Finding finding{.name = "pauses"};
  finding.what = fmt::format("a spinning core lost {:.2f} % to pauses above 50 us, the longest {:.2f} ms",
                             1e-7 * static_cast<double>(lost), 1e-6 * static_cast<double>(longest));
  if (lost > kSecond / 100) finding.advice = "interrupts or other work run on these cores: keep one core free of ranks";
  return finding;
}

std::vector<Finding> Watch::findings(const Layout& wanted) const {
  return {other_load(wanted.own_seconds), steal(), frequency(), layout(wanted), clock(), pauses()};
}

}  // namespace diffbench::selfcheck
