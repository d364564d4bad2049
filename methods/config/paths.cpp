#include "methods/config/paths.h"

#include <cstdlib>

namespace diffbench::config {

std::filesystem::path home() {
  const char* from_environment = std::getenv("DIFFBENCH_HOME");
  return from_environment != nullptr && *from_environment != '\0' ? from_environment : DIFFBENCH_SOURCE_DIR;
}

std::filesystem::path zoo_path(std::string_view name) { return home() / "methods" / "zoo" / name; }

}  // namespace diffbench::config
