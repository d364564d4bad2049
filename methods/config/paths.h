#pragma once
// Where the program's own files are: zoo, suites, dashboards.
//
//   std::filesystem::path model = zoo_path("fashion_mnist") / "model.toml";
//
// home() is the source folder that was built from; the environment variable DIFFBENCH_HOME overrides it.

#include <filesystem>
#include <string_view>

namespace diffbench::config {

std::filesystem::path home();
std::filesystem::path zoo_path(std::string_view name);  // home()/methods/zoo/<name>

}  // namespace diffbench::config
