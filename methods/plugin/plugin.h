#pragma once
// A method in a repository of its own: one shared object that the program loads (`--plugin F.so`, or `plugins` in a
// suite).
//
//   #include "methods/plugin/plugin.h"
//   DIFFBENCH_PLUGIN(my_method::entry, my_other_method::entry)      // once, outside of any namespace
//
// with `MethodEntry entry()` as of a method in this tree (methods/README.md). docs/examples/plugin is one that builds
// against an installation. C++ has no stable binary interface: kInterface names the headers and the LibTorch that a
// plugin was compiled with, and the program refuses another than its own.

#include <torch/version.h>

#include <vector>

#include "methods/method.h"
#include "methods/plugin/interface_hash.h"

namespace diffbench::methods {

inline constexpr const char* kInterface = DIFFBENCH_INTERFACE_HASH " with LibTorch " TORCH_VERSION;

// What the symbol `diffbench_plugin` of a shared object is. `interface` stays the first member, so that it can be read
// whatever else has changed.
struct Plugin {
  const char* interface = kInterface;
  std::vector<MethodEntry> (*entries)() = nullptr;
};

template <MethodEntry (*... kEntries)()>
std::vector<MethodEntry> entries_of() {
  return {kEntries()...};
}

}  // namespace diffbench::methods

#define DIFFBENCH_PLUGIN(...)                                                                                \
  extern "C" const diffbench::methods::Plugin diffbench_plugin;                                              \
  extern "C" __attribute__((visibility("default"), used)) const diffbench::methods::Plugin diffbench_plugin{ \
      diffbench::methods::kInterface, diffbench::methods::entries_of<__VA_ARGS__>};
