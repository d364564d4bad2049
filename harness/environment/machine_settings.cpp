#include "harness/environment/machine_settings.h"

#include "harness/environment/system_files.h"

namespace diffbench::environment {
namespace {

namespace fs = std::filesystem;

// of a file that holds one digit
std::string on_off(const fs::path& file, char on, char off) {
  const std::string line = first_line(file);
  if (line.size() != 1 || (line[0] != on && line[0] != off)) {
    return "";
  }
  return line[0] == on ? "on" : "off";
}

// Intel's own driver asks the other way round than the kernel's common switch
std::string turbo(const fs::path& cpu) {
  for (const auto& said : {on_off(cpu / "intel_pstate/no_turbo", '0', '1'), on_off(cpu / "cpufreq/boost", '1', '0'),
                           on_off(cpu / "cpu0/cpufreq/boost", '1', '0')}) {
    if (!said.empty()) {
      return said;
    }
  }
  return "";
}

// "always [madvise] never" -> "madvise"
std::string chosen(const std::string& line) {
  const size_t open = line.find('[');
  const size_t close = line.find(']', open == std::string::npos ? 0 : open);
  return open == std::string::npos || close == std::string::npos ? "" : line.substr(open + 1, close - open - 1);
}

}  // namespace

MachineSettings read_machine_settings(const fs::path& root) {
  const fs::path system = root / "sys/devices/system";
  return {.governor = first_line(system / "cpu/cpu0/cpufreq/scaling_governor"),
          .turbo = turbo(system / "cpu"),
          .smt = on_off(system / "cpu/smt/active", '1', '0'),
          .huge_pages = chosen(first_line(root / "sys/kernel/mm/transparent_hugepage/enabled")),
          .clock_source = first_line(system / "clocksource/clocksource0/current_clocksource")};
}

}  // namespace diffbench::environment
