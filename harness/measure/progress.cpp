#include "harness/measure/progress.h"

#include <spdlog/fmt/fmt.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <cstdio>

#include "harness/ranks/mpi_session.h"

namespace diffbench::measure {
namespace {

using Clock = std::chrono::steady_clock;
constexpr auto kTerminalPause = std::chrono::milliseconds(100);
constexpr auto kFilePause = std::chrono::minutes(1);

}  // namespace

Progress::Progress(bool visible, std::string phase, int64_t total)
    : visible_(visible && total > 0 && spdlog::should_log(spdlog::level::info)),  // --quiet
      terminal_(ranks::is_terminal(STDERR_FILENO)),
      phase_(std::move(phase)),
      total_(total),
      start_(Clock::now()),
      printed_(terminal_ ? Clock::time_point{} : start_) {}

Progress::~Progress() {
  if (visible_ && terminal_ && printed_ != Clock::time_point{}) {
    std::fputs("\r\033[K", stderr);
  }
}

void Progress::advance(int64_t count, std::optional<double> seconds_left) {
  done_ += count;
  const auto now = Clock::now();
  if (!visible_ || done_ == 0 ||
      now - printed_ < (terminal_ ? Clock::duration(kTerminalPause) : Clock::duration(kFilePause))) {
    return;
  }
  printed_ = now;
  const double spent = std::chrono::duration<double>(now - start_).count();
  print(seconds_left.value_or(spent / static_cast<double>(done_) * static_cast<double>(total_ - done_)));
}

void Progress::print(double seconds_left) {
  const auto left = static_cast<int64_t>(std::max(0.0, seconds_left) + 0.5);
  fmt::print(stderr, "{}{}: {}/{}, {}:{:02} left{}", terminal_ ? "\r\033[K" : "", phase_, done_, total_, left / 60,
             left % 60, terminal_ ? "" : "\n");
  std::fflush(stderr);
}

}  // namespace diffbench::measure
