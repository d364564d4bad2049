#include "harness/environment/usable_cores.h"

#include <sched.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <memory>
#include <set>
#include <sstream>

#include "harness/environment/system_files.h"

namespace diffbench::environment {
namespace {

namespace fs = std::filesystem;

constexpr int kMostCores = 1 << 16;

void add_cores_of(pid_t thread, std::set<int>& cores) {
  const std::unique_ptr<cpu_set_t, void (*)(cpu_set_t*)> mask(CPU_ALLOC(kMostCores),
                                                              [](cpu_set_t* set) { CPU_FREE(set); });
  const size_t size = CPU_ALLOC_SIZE(kMostCores);
  CPU_ZERO_S(size, mask.get());
  if (sched_getaffinity(thread, size, mask.get()) != 0) {
    return;  // the thread has ended
  }
  for (int core = 0; core < kMostCores; ++core) {
    if (CPU_ISSET_S(static_cast<size_t>(core), size, mask.get())) {
      cores.insert(core);
    }
  }
}

// "150000 100000" -> 1.5; nullopt for "max 100000", "-1 100000", and what is no such pair
std::optional<double> quota_of(const std::string& text) {
  std::istringstream in(text);
  double granted = 0.0;
  double period = 0.0;
  return in >> granted >> period && granted > 0.0 && period > 0.0 ? std::optional(granted / period) : std::nullopt;
}

// The smallest quota of `group` and of every group around it below `mount`. A group that a container does not see is
// skipped: its own then stands at the mount itself.
template <typename Read>
void limit(std::optional<double>& quota, const fs::path& mount, const fs::path& group, Read read) {
  for (fs::path inside = ("/" / group).lexically_normal().relative_path();; inside = inside.parent_path()) {
    if (const auto found = quota_of(read(mount / inside))) {
      quota = std::min(quota.value_or(*found), *found);
    }
    if (inside.empty()) {
      return;
    }
  }
}

bool lists_cpu(const std::string& controllers) { return ("," + controllers + ",").find(",cpu,") != std::string::npos; }

}  // namespace

std::vector<int> allowed_cores() {
  std::set<int> cores;
  std::error_code ignored;
  for (const auto& thread : fs::directory_iterator("/proc/self/task", ignored)) {
    add_cores_of(std::atoi(thread.path().filename().c_str()), cores);
  }
  if (cores.empty()) {
    add_cores_of(0, cores);
  }
  return {cores.begin(), cores.end()};
}

std::string core_list(const std::vector<int>& cores) {
  std::string text;
  for (size_t first = 0; first < cores.size();) {
    size_t last = first;
    while (last + 1 < cores.size() && cores[last + 1] == cores[last] + 1) {
      ++last;
    }
    text += (text.empty() ? "" : ",") + std::to_string(cores[first]);
    if (last > first) {
      text += "-" + std::to_string(cores[last]);
    }
    first = last + 1;
  }
  return text;
}

std::optional<double> container_quota(const fs::path& root) {
  const fs::path mounts = root / "sys/fs/cgroup";
  std::optional<double> quota;
  std::ifstream groups(root / "proc/self/cgroup");  // lines "<number>:<controllers>:<group>"
  for (std::string line; std::getline(groups, line);) {
    const size_t first = line.find(':');
    const size_t second = first == std::string::npos ? first : line.find(':', first + 1);
    if (second == std::string::npos) {
      continue;
    }
    const std::string controllers = line.substr(first + 1, second - first - 1);
    const fs::path group = line.substr(second + 1);
    if (controllers.empty()) {  // the second version
      limit(quota, mounts, group, [](const fs::path& folder) { return first_line(folder / "cpu.max"); });
    } else if (lists_cpu(controllers)) {
      for (const auto& mount : {mounts / controllers, mounts / "cpu"}) {
        limit(quota, mount, group, [](const fs::path& folder) {
          return first_line(folder / "cpu.cfs_quota_us") + " " + first_line(folder / "cpu.cfs_period_us");
        });
      }
    }
  }
  return quota;
}

int usable_core_count(int allowed, std::optional<double> quota) {
  const int granted = quota ? static_cast<int>(std::ceil(std::min(*quota, static_cast<double>(kMostCores)))) : allowed;
  return std::min(allowed, granted);
}

}  // namespace diffbench::environment
