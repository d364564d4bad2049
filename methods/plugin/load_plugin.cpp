#include "methods/plugin/load_plugin.h"

#include <dlfcn.h>

#include <cstring>
#include <set>

#include "methods/config/input_error.h"
#include "methods/config/paths.h"
#include "methods/plugin/plugin.h"
#include "methods/registry.h"

namespace diffbench::methods {
namespace {

namespace fs = std::filesystem;

std::string last_dl_error() {
  const char* message = dlerror();
  return message == nullptr ? "unknown error" : message;
}

// the method as it is, but whoever asks for its files hears of the shared object too
MethodEntry reporting(MethodEntry entry, const fs::path& file) {
  entry.make = [make = std::move(entry.make), file](const nlohmann::json& params, const MethodContext& context) {
    context.report("plugin", file);
    return make(params, context);
  };
  return entry;
}

}  // namespace

void load_plugin(const fs::path& file, const std::string& where) {
  static std::set<fs::path> loaded;
  std::error_code none;
  const fs::path absolute = fs::canonical(file, none);
  const auto fail = [&](const std::string& message) {
    throw config::InputError(config::GivenAt{where}.naming(file.string()) + message);
  };
  if (absolute.empty()) fail("no such file");
  if (loaded.contains(absolute)) return;
  // never closed: the table keeps functions that live in it
  void* object = dlopen(absolute.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (object == nullptr) fail("cannot be loaded: " + last_dl_error());
  const auto* plugin = static_cast<const Plugin*>(dlsym(object, "diffbench_plugin"));
  if (plugin == nullptr) fail("is no plugin: it has no DIFFBENCH_PLUGIN (methods/plugin/plugin.h)");
  if (std::strcmp(plugin->interface, kInterface) != 0) {
    fail("was compiled for interface " + std::string(plugin->interface) + ", this program has " + kInterface +
         "; compile it again");
  }
  for (auto& entry : plugin->entries()) {
    if (has_method(entry.name)) fail("brings the method '" + entry.name + "', which there is already");
    add_method(reporting(std::move(entry), absolute));
  }
  loaded.insert(absolute);
}

}  // namespace diffbench::methods
