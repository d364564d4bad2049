#include "harness/environment/environment.h"

#include <sys/utsname.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <string_view>

#include "harness/environment/build_info.h"
#include "harness/environment/gpus.h"
#include "harness/environment/machine_settings.h"
#include "harness/environment/system_files.h"
#include "harness/environment/threads.h"
#include "harness/environment/usable_cores.h"
#include "harness/ranks/mpi_session.h"

extern char** environ;

namespace diffbench::environment {
namespace {

namespace fs = std::filesystem;

std::string cpu_model(const fs::path& root) {
  const std::string x86 = value_of(root / "proc/cpuinfo", "model name", ':');
  return x86.empty() ? value_of(root / "proc/cpuinfo", "CPU part", ':') : x86;
}

std::string host_name() {
  char name[256] = {};
  return gethostname(name, sizeof(name) - 1) == 0 ? name : "";
}

// "NVRM version: NVIDIA UNIX x86_64 Kernel Module  580.82.07  Thu ...": the first word that starts with a digit and
// holds a dot
std::string nvidia_driver_version(const fs::path& root) {
  std::ifstream in(root / "proc/driver/nvidia/version");
  for (std::string word; in >> word;) {
    if (word[0] >= '0' && word[0] <= '9' && word.find('.') != std::string::npos) {
      return word;
    }
  }
  return "";
}

// beginnings of the names of variables that decide threads, devices, kernels and memory
// clang-format off
constexpr std::string_view kSettings[] = {
    "OMP_", "GOMP_", "KMP_", "MKL_", "ONEDNN_", "DNNL_", "OPENBLAS_", "ATEN_", "TORCH_", "PYTORCH_",
    "CUDA_", "CUBLAS_", "CUDNN_", "NVIDIA_TF32_OVERRIDE", "NCCL_", "MALLOC_", "GLIBC_TUNABLES", "LD_PRELOAD",
    "OMPI_MCA_hwloc_base_binding_policy", "OMPI_MCA_rmaps_base_"};
// clang-format on

std::map<std::string, std::string> settings() {
  std::map<std::string, std::string> result;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const std::string_view name = text.substr(0, text.find('='));
    for (const std::string_view prefix : kSettings) {
      if (name.starts_with(prefix) && name.size() < text.size()) {
        result[std::string(name)] = text.substr(name.size() + 1);
      }
    }
  }
  return result;
}

}  // namespace

Environment capture(const fs::path& root) {
  Environment result;
  result.host = host_name();
  result.cpu_model = cpu_model(root);
  result.core_count = static_cast<int>(sysconf(_SC_NPROCESSORS_ONLN));
  const auto cores = allowed_cores();
  result.binding = core_list(cores);
  result.usable_core_count = usable_core_count(static_cast<int>(cores.size()), container_quota(root));
  result.torch_threads = torch_threads();
  result.omp_threads = omp_threads();
  result.memory_bytes = static_cast<std::int64_t>(sysconf(_SC_PHYS_PAGES)) * sysconf(_SC_PAGESIZE);
  result.os = value_of(root / "etc/os-release", "PRETTY_NAME", '=');
  utsname system{};
  if (uname(&system) == 0) {
    result.kernel = system.release;
  }
  MachineSettings machine = read_machine_settings(root);
  result.governor = std::move(machine.governor);
  result.turbo = std::move(machine.turbo);
  result.smt = std::move(machine.smt);
  result.huge_pages = std::move(machine.huge_pages);
  result.clock_source = std::move(machine.clock_source);
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
  result.driver_version = nvidia_driver_version(root);
  result.gpu_names = std::move(cuda.gpu_names);
  result.settings = settings();
  return result;
}

}  // namespace diffbench::environment
