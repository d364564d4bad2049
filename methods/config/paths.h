#pragma once
// Where files are: the program's own (zoo, suites, dashboards), and those that others name by a relative path.
//
//   std::filesystem::path model = zoo_path("fashion_mnist") / "model.toml";
//   std::filesystem::path gates = found_from(suite.folder, "gates/");        // beside the suite, where it is there
//
// home() is what the environment variable DIFFBENCH_HOME says. Without it, it is found from the program:
// share/diffbench of the installation that the program is in, or the checkout that it was built in. Nothing of this is
// compiled in, so what is moved or copied as a whole goes on working.

#include <filesystem>
#include <string>
#include <string_view>

namespace diffbench::config {

// InputError where DIFFBENCH_HOME names a folder without methods/zoo, or none is found
std::filesystem::path home();
std::filesystem::path home_of(const std::filesystem::path& program);  // without DIFFBENCH_HOME; empty: none
std::filesystem::path zoo_path(std::string_view name);                // home()/methods/zoo/<name>

// Where a name was given.
struct GivenAt {
  std::string where{};             // for error messages: a flag, or "suite.toml:4: [run] model"
  std::filesystem::path folder{};  // a relative path is looked for here first

  // "--model dit: " or "suite.toml:4: [run] model: dit: "
  std::string naming(const std::string& name) const {
    const bool is_flag = where.starts_with("--") && where.find(' ') == std::string::npos;
    return where + (is_flag ? " " : ": ") + name + ": ";
  }
};

// `name` in `folder` if it is relative and there; else as it stands, which is from where the program was started
std::filesystem::path found_from(const std::filesystem::path& folder, const std::filesystem::path& name);

}  // namespace diffbench::config
