#include "methods/runtimes/openvino/load_openvino.h"

#include <ATen/Parallel.h>
#include <dlfcn.h>

#include <filesystem>

#include "methods/runtimes/openvino/openvino_compiler.h"

namespace diffbench::runtimes {
namespace {

struct Opened {
  MakeOpenVinoCompiler* make = nullptr;
  std::string missing;
};

Opened open() {
  const auto program = std::filesystem::read_symlink("/proc/self/exe");
  const auto file = program.parent_path().parent_path() / "lib" / "diffbench" / "libdiffbench_openvino.so";
  std::error_code none;
  if (!std::filesystem::exists(file, none)) {
    return {.missing = "built without it: pip install openvino into .venv, and configure again"};
  }
  // never closed: its threads live as long as the process
  void* object = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (object == nullptr) {
    const char* message = dlerror();
    return {.missing = message == nullptr ? "cannot be loaded" : message};
  }
  auto* symbol = dlsym(object, "diffbench_openvino_compiler");
  return {.make = reinterpret_cast<MakeOpenVinoCompiler*>(symbol),
          .missing = symbol == nullptr ? file.string() + " has no diffbench_openvino_compiler" : ""};
}

const Opened& opened() {
  static const Opened kOpened = open();
  return kOpened;
}

}  // namespace

std::string openvino_missing(const std::string& precision) {
  if (!opened().missing.empty() || precision != "bf16") return opened().missing;
  static const bool kHasBf16 = std::unique_ptr<Compiler>(opened().make({.bf16 = true})) != nullptr;
  return kHasBf16 ? "" : "in bf16 OpenVINO would compute in float32 on this CPU";
}

std::unique_ptr<Compiler> make_openvino_compiler(const Compute& compute) {
  return std::unique_ptr<Compiler>(
      opened().make({.bf16 = compute.network_dtype == at::kBFloat16, .threads = at::get_num_threads()}));
}

}  // namespace diffbench::runtimes
