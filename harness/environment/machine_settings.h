#pragma once
// How the machine is set, as far as settings decide how fast it is and how evenly.
//
//   MachineSettings here = read_machine_settings("/");
//
// "" where the system does not say: many containers hide /sys/devices, and not every processor has each setting.

#include <filesystem>
#include <string>

namespace diffbench::environment {

struct MachineSettings {
  std::string governor;      // of the clock of core 0: "performance"
  std::string turbo;         // on | off: clocks above the nominal one
  std::string smt;           // on | off: several threads per core
  std::string huge_pages;    // transparent ones: always | madvise | never
  std::string clock_source;  // "tsc"; others cost a system call per look at the clock
};

MachineSettings read_machine_settings(const std::filesystem::path& root);

}  // namespace diffbench::environment
