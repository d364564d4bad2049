#pragma once
// What machine, build and settings a measurement comes from: enough to tell whether two numbers may be compared.
//
//   Environment here = capture();
//   nlohmann::json document = here;                       // travels from a rank to rank 0 ...
//   auto there = document.get<Environment>();             // ... and back
//
// What cannot be found out is "" or 0, never an error. capture() takes a few milliseconds (on a machine with GPUs the
// first call starts the CUDA driver). Thread-safe but for concurrent changes of environment variables.

#include <cstdint>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace diffbench::environment {

struct Environment {
  std::string host;
  std::string cpu_model;
  int core_count = 0;         // logical, online
  int usable_core_count = 0;  // that this process may run on and its container is granted, rounded up
  std::string binding;        // which cores those are: "0-3,8"
  int torch_threads = 0;      // as LibTorch and OpenMP answer now
  int omp_threads = 0;
  std::int64_t memory_bytes = 0;
  std::string os;        // "Debian GNU/Linux 12 (bookworm)"
  std::string kernel;    // "6.1.0-18-amd64"
  std::string governor;  // this and the next four: machine_settings.h
  std::string turbo;
  std::string smt;
  std::string huge_pages;
  std::string clock_source;
  double load_average_1min = 0.0;

  std::string program_version;
  std::string git_sha;
  bool git_dirty = false;
  std::string compiler;
  std::string compiler_flags;
  std::string build_type;

  std::string torch_version;
  std::string mpi_version;
  std::string cuda_toolkit;  // compiled against
  std::string cuda_runtime;
  std::string cuda_driver;     // newest CUDA version it supports
  std::string driver_version;  // of the NVIDIA kernel driver, "580.82.07"
  std::vector<std::string> gpu_names;

  std::map<std::string, std::string> settings;  // set variables that decide threads, devices and memory: OMP_*, ...
};

NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Environment, host, cpu_model, core_count, usable_core_count, binding, torch_threads,
                                   omp_threads, memory_bytes, os, kernel, governor, turbo, smt, huge_pages,
                                   clock_source, load_average_1min, program_version, git_sha, git_dirty, compiler,
                                   compiler_flags, build_type, torch_version, mpi_version, cuda_toolkit, cuda_runtime,
                                   cuda_driver, driver_version, gpu_names, settings)

// `root`: where /proc, /sys and /etc hang
Environment capture(const std::filesystem::path& root = "/");

}  // namespace diffbench::environment
