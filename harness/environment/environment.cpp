#include "harness/environment/environment.h"

#include <sched.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <string_view>

#include "harness/environment/build_info.h"
#include "harness/environment/gpus.h"
#include "harness/ranks/mpi_session.h"

extern char** environ;

namespace diffbench::environment {
namespace {

std::string first_line(const char* path) {
  std::ifstream in(path);
  std::string line;
  std::getline(in, line);
  return line;
}

// what follows `key` and its separator on the first line that starts with it: "model name\t: AMD ..." -> "AMD ..."
std::string value_of(const char* path, std::string_view key, char separator) {
  std::ifstream in(path);
  for (std::string line; std::getline(in, line);) {
    const size_t at = line.find(separator);
    if (line.starts_with(key) && at != std::string::npos) {
      const size_t begin = line.find_first_not_of(" \t\"", at + 1);
      const size_t end = line.find_last_not_of(" \t\"");
      return begin == std::string::npos ? "" : line.substr(begin, end + 1 - begin);
    }
  }
  return "";
}

std::string cpu_model() {
  const std::string x86 = value_of("/proc/cpuinfo", "model name", ':');
  return x86.empty() ? value_of("/proc/cpuinfo", "CPU part", ':') : x86;
}

int usable_core_count() {
  cpu_set_t cores;
  CPU_ZERO(&cores);
  return sched_getaffinity(0, sizeof(cores), &cores) == 0 ? CPU_COUNT(&cores) : 0;
}

std::string host_name() {
  char name[256] = {};
  return gethostname(name, sizeof(name) - 1) == 0 ? name : "";
}

// "NVRM version: NVIDIA UNIX x86_64 Kernel Module  580.82.07  Thu ...": the first word that starts with a digit and
// holds a dot
std::string nvidia_driver_version() {
  std::ifstream in("/proc/driver/nvidia/version");
  for (std::string word; in >> word;) {
    if (word[0] >= '0' && word[0] <= '9' && word.find('.') != std::string::npos) {
      return word;
    }
  }
  return "";
}

std::map<std::string, std::string> settings() {
  std::map<std::string, std::string> result;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const std::string_view name = text.substr(0, text.find('='));
    for (const std::string_view prefix : {"OMP_", "GOMP_", "KMP_", "MKL_", "ONEDNN_", "DNNL_", "ATEN_CPU_CAPABILITY",
                                          "CUDA_", "CUBLAS_", "CUDNN_", "NVIDIA_TF32_OVERRIDE"}) {
      if (name.starts_with(prefix) && name.size() < text.size()) {
        result[std::string(name)] = text.substr(name.size() + 1);
      }
    }
  }
  return result;
}

}  // namespace

Environment capture() {
  Environment result;
  result.host = host_name();
  result.cpu_model = cpu_model();
  result.core_count = static_cast<int>(sysconf(_SC_NPROCESSORS_ONLN));
  result.usable_core_count = usable_core_count();
  result.memory_bytes = static_cast<std::int64_t>(sysconf(_SC_PHYS_PAGES)) * sysconf(_SC_PAGESIZE);
  result.os = value_of("/etc/os-release", "PRETTY_NAME", '=');
  utsname system{};
  if (uname(&system) == 0) {
    result.kernel = system.release;
  }
  result.governor = first_line("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor");
  double load = 0.0;
  if (getloadavg(&load, 1) == 1) {
    result.load_average_1min = load;
  }

  const BuildInfo build = build_info();
  result.program_version = build.version;
  result.git_sha = build.git_sha;
  result.git_dirty = build.git_dirty;
  result.compiler = build.compiler;
  result.compiler_flags = build.compiler_flags;
  result.build_type = build.build_type;
  result.torch_version = build.torch_version;
  result.mpi_version = ranks::library_version();

  CudaInfo cuda = query_cuda();
  result.cuda_toolkit = cuda.toolkit;
  result.cuda_runtime = cuda.runtime;
  result.cuda_driver = cuda.driver;
  result.driver_version = nvidia_driver_version();
  result.gpu_names = std::move(cuda.gpu_names);
  result.settings = settings();
  return result;
}

}  // namespace diffbench::environment
