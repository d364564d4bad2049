#include <spawn.h>
#include <spdlog/spdlog.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <optional>

#include "harness/commands/commands.h"
#include "harness/commands/comparison_output.h"
#include "harness/compare/comparison_text.h"
#include "methods/config/input_error.h"
#include "methods/config/paths.h"
#include "results/estimates.h"

extern char** environ;

namespace diffbench::commands {
namespace {

namespace fs = std::filesystem;

struct Options {
  std::string database;
  std::string output;
  std::optional<std::string> against;
  std::optional<std::string> quality;
  std::optional<std::string> prices;
  bool recompute = false;
  bool json = false;
};

// what DIFFBENCH_PYTHON says, else the project's own environment where there is one
std::string interpreter() {
  const char* given = std::getenv("DIFFBENCH_PYTHON");
  if (given != nullptr && *given != '\0') {
    return given;
  }
  const auto own = config::home() / ".venv" / "bin" / "python";
  return fs::exists(own) ? own.string() : "python3";
}

std::vector<std::string> environment_with_python_path() {
  std::string python_path = "PYTHONPATH=" + config::home().string();
  std::vector<std::string> result;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    if (!text.starts_with("PYTHONPATH=")) {
      result.emplace_back(text);
    } else if (text != "PYTHONPATH=") {
      python_path += ":" + std::string(text.substr(std::strlen("PYTHONPATH=")));
    }
  }
  result.push_back(python_path);
  return result;
}

// null-terminated, as exec wants it; points into `texts`
std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> result;
  for (auto& text : texts) {
    result.push_back(text.data());
  }
  result.push_back(nullptr);
  return result;
}

// runs a program with its stdout on our stderr (ours belongs to the answer); its exit code
int run_child(std::vector<std::string> arguments, std::vector<std::string> environment) {
  const auto argv = pointers(arguments);
  const auto envp = pointers(environment);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO, STDOUT_FILENO);
  pid_t child = 0;
  const int error = posix_spawnp(&child, argv[0], &actions, nullptr, argv.data(), envp.data());
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) {
    throw config::InputError(arguments[0] + ": cannot run the Python interpreter: " + std::strerror(error) +
                             "; run ./setup.sh, or set DIFFBENCH_PYTHON to one that has the dashboards' libraries");
  }
  int status = 0;
  while (waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) {
      throw std::runtime_error(std::string("waitpid: ") + std::strerror(errno));
    }
  }
  if (!WIFEXITED(status)) {
    throw std::runtime_error("the report was ended by signal " + std::to_string(WTERMSIG(status)));
  }
  return WEXITSTATUS(status);
}

// The comparison as the page reads it, in a file that goes with the object.
class ComparisonFile {
 public:
  ComparisonFile(const std::string& older, const std::string& newer) {
    const auto found = compare_files(older, newer, {}, {});
    path_ = fs::temp_directory_path() / ("diffbench-comparison-" + std::to_string(::getpid()) + ".json");
    std::ofstream(path_) << compare::as_json({found.comparison, found.older, found.newer}).dump();
  }
  ~ComparisonFile() {
    std::error_code none;
    fs::remove(path_, none);
  }
  ComparisonFile(const ComparisonFile&) = delete;
  ComparisonFile& operator=(const ComparisonFile&) = delete;
  std::string path() const { return path_.string(); }

 private:
  fs::path path_;
};

int report(const Options& options) {
  if (!fs::is_regular_file(options.database)) {
    throw config::InputError(options.database + ": no such file; `diffbench run` makes one");
  }
  if (options.recompute) {
    auto store = results::Store::open_or_create(options.database);
    const auto runs = results::recompute_estimates(store);
    spdlog::info("{}: estimates of {} runs made again from the raw rows", options.database, runs.size());
  }
  std::cout.flush();
  std::vector<std::string> words = {interpreter(), "-m", "dashboards.report", options.database, "-o", options.output};
  if (options.quality) words.insert(words.end(), {"--quality", *options.quality});
  if (options.prices) words.insert(words.end(), {"--prices", *options.prices});
  std::optional<ComparisonFile> comparison;
  if (options.against) {
    comparison.emplace(*options.against, options.database);
    words.insert(words.end(), {"--comparison", comparison->path()});
  }
  const int exit_code = run_child(words, environment_with_python_path());
  if (options.json && exit_code == 0) {
    std::cout << nlohmann::json{{"database", options.database}, {"output", options.output}}.dump(2) << "\n";
  }
  return exit_code;
}

}  // namespace

void add_report(Command program, int& exit_code) {
  const Command command =
      program.add_subcommand("report", "draws the dashboards of a results file: self-contained HTML, figures");
  auto options = std::make_shared<Options>();
  command.add_option("database", options->database, "results file of `diffbench run`").required();
  command.add_option("-o,--output", options->output, "folder for the report; made if it does not exist").required();
  command.add_option("--quality", options->quality,
                     "metric of quality on the figures' axes: any that the run judged; the FID where there is one");
  command.add_option("--against", options->against,
                     "an older run, as `compare` takes it: adds a page that sets the latest run beside it");
  command.add_option("--prices", options->prices,
                     "CSV file with columns machine, price_per_hour and currency: adds what images cost to the page of "
                     "machines");
  command.add_flag("--recompute", options->recompute,
                   "makes medians, ratios and intervals again from the raw rows first, and stores them");
  command.add_flag("--json", options->json, "one JSON document on stdout: where the report lies");
  command.footer("Example: diffbench report results.db -o report/");
  command.callback([options, &exit_code] { exit_code = report(*options); });
}

}  // namespace diffbench::commands
