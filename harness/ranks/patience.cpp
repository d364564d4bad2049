#include "harness/ranks/patience.h"

#include <algorithm>
#include <fstream>
#include <optional>
#include <sstream>
#include <thread>

namespace diffbench::ranks {
namespace {

constexpr double kLeastSeconds = 600;
constexpr double kTimesTheLongest = 20;

// set in one thread, before another one looks
struct {
  std::optional<double> given_s{};
  double longest_s = 0;
  std::string doing{};
  std::vector<RankPlace> places{};
} known;

std::string first_line(const std::string& file) {
  std::ifstream in(file);
  std::string line;
  std::getline(in, line);
  return line;
}

// "T (stopped), in do_signal_stop" of a process of this machine, as far as the kernel tells
std::string state_of(long process) {
  const std::string folder = "/proc/" + std::to_string(process);
  std::ifstream status(folder + "/status");
  std::string state;
  for (std::string line; std::getline(status, line);) {
    constexpr std::string_view kStart = "State:\t";
    if (line.starts_with(kStart)) state = line.substr(kStart.size());
  }
  if (state.empty()) return "it is gone";
  std::string where = first_line(folder + "/stack");  // for the superuser alone
  where = where.substr(where.find(' ') == std::string::npos ? 0 : where.find(' ') + 1);
  if (where.empty()) where = first_line(folder + "/wchan");
  return "state " + state + (where.empty() || where == "0" ? "" : ", in " + where);
}

}  // namespace

void know_ranks(std::vector<RankPlace> places) { known.places = std::move(places); }
void set_patience(double seconds) { known.given_s = seconds; }
void now_doing(std::string what) { known.doing = std::move(what); }

double patience_s() { return known.given_s.value_or(std::max(kLeastSeconds, kTimesTheLongest * known.longest_s)); }
void has_waited(double seconds) { known.longest_s = std::max(known.longest_s, seconds); }

RankSilent silence_of(int rank, double seconds, const std::string& at_what) {
  std::ostringstream message;
  message << "rank " << rank;
  if (static_cast<size_t>(rank) < known.places.size()) {
    const auto& [host, process] = known.places[static_cast<size_t>(rank)];
    message << " (host " << host << ", process " << process;
    if (host == known.places.front().host) message << ": " << state_of(process);
    message << ")";
  }
  message << " has not answered for " << static_cast<long>(seconds) << " s";
  const auto& doing = at_what.empty() ? known.doing : at_what;
  if (!doing.empty()) message << " while " << doing;
  message << "; the run ends here, what is stored stays: --resume goes on with it (--patience says how long to wait)";
  return RankSilent(message.str());
}

void Wait::goes_on(int rank) {
  const double seconds = std::chrono::duration<double>(Clock::now() - start_).count();
  constexpr double kWithoutSleepSeconds = 0.05;
  if (seconds < kWithoutSleepSeconds) {
    std::this_thread::yield();
    return;
  }
  if (seconds > patience_s()) throw silence_of(rank, seconds, "");
  std::this_thread::sleep_for(std::chrono::microseconds(50));
}

void Wait::is_over() {
  has_waited(std::chrono::duration<double>(Clock::now() - start_).count());
  start_ = Clock::now();
}

}  // namespace diffbench::ranks
