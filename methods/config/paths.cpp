#include "methods/config/paths.h"

#include <cstdlib>

#include "methods/config/input_error.h"

namespace diffbench::config {
namespace {

namespace fs = std::filesystem;

bool is_home(const fs::path& folder) {
  std::error_code none;
  return fs::is_directory(folder / "methods" / "zoo", none);
}

}  // namespace

fs::path home_of(const fs::path& program) {
  for (fs::path folder = program.parent_path(); !folder.empty(); folder = folder.parent_path()) {
    for (const auto& candidate : {folder / "share" / "diffbench", folder}) {
      if (is_home(candidate)) return candidate;
    }
    if (folder == folder.root_path()) break;
  }
  return {};
}

fs::path home() {
  const char* given = std::getenv("DIFFBENCH_HOME");
  if (given != nullptr && *given != '\0') {
    if (!is_home(given)) {
      throw InputError(std::string("DIFFBENCH_HOME=") + given +
                       ": holds no methods/zoo; it must be a checkout, or share/diffbench of an installation");
    }
    return given;
  }
  static const fs::path kProgram = fs::read_symlink("/proc/self/exe");
  static const fs::path kFound = home_of(kProgram);
  if (kFound.empty()) {
    throw InputError("no suites and no zoo found from " + kProgram.string() +
                     "; set DIFFBENCH_HOME to a checkout, or to share/diffbench of an installation");
  }
  return kFound;
}

fs::path zoo_path(std::string_view name) { return home() / "methods" / "zoo" / name; }

fs::path found_from(const fs::path& folder, const fs::path& name) {
  std::error_code none;
  const bool is_beside = !folder.empty() && !name.empty() && name.is_relative() && fs::exists(folder / name, none);
  return is_beside ? folder / name : name;
}

}  // namespace diffbench::config
