#pragma once
// The cores that this process gets: where it may run, and how much of them its container is granted.
//
//   const std::vector<int> cores = allowed_cores();                       // {0, 1, 2, 3, 8}
//   core_list(cores)                                                      // "0-3,8"
//   usable_core_count(cores.size(), container_quota("/"))                 // 2 of 5 under a quota of 1.5 cores

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace diffbench::environment {

// rising; those of any thread of the process (OpenMP may have bound the first one to a single core); empty if unknown
std::vector<int> allowed_cores();

std::string core_list(const std::vector<int>& cores);  // of rising numbers; "" for none

// Cores' worth of time per time that the control groups of this process grant (cpu.max, or cpu.cfs_quota_us of the
// first version): the smallest of its own and all groups around it; nullopt where nothing limits it.
std::optional<double> container_quota(const std::filesystem::path& root);

// a quota counts whole cores, rounded up: 1.5 cores keep two busy, not all of the time
int usable_core_count(int allowed, std::optional<double> quota);

}  // namespace diffbench::environment
