#pragma once
// An experiment as its file says it. The file's schema: harness/suites/README.md.
//
//   Suite suite = parse_suite("harness/suites/smoke.toml", {"timing.max_rounds=5"}, {.methods = {"full", "null"}});
//   std::vector<Cell> cells = plan(suite);   // plan.h
//
// Errors are config::InputError, one line "file:line: [table] key: message"; a fault in an override starts with
// "--set key=value". Knows neither methods nor solvers: the caller names the valid ones, and checks their parameters
// (config::resolve_params with the entry's `where`).

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace diffbench::suite {

struct MethodEntry {
  std::string name;
  std::string label;  // unique; what tables and figures print
  std::string model;  // "" = that of [run]
  std::string model_where{};
  nlohmann::json params = nlohmann::json::object();
  std::string where;  // "suite.toml:12: [method[0]] name"
};

struct SolverEntry {
  std::string name;
  std::string grid;
  std::vector<int> steps;
  nlohmann::json params = nlohmann::json::object();
  std::string where;
};

struct RunOptions {
  std::string model = "fashion_mnist";
  std::string device = "auto";  // auto | cpu | cuda
  std::vector<std::string> precision = {"fp32"};
  std::vector<std::string> runtime = {"eager"};  // what executes the blocks: methods/runtimes
  std::vector<int> batch = {64};                 // rows per rank and repetition, scenario offline
  std::vector<std::string> scenario = {"offline"};
  int threads = 1;                        // per rank
  double guidance = 1.0;                  // scale of classifier-free guidance; 1: none
  std::vector<double> guidance_interval;  // two times between which it acts; empty: everywhere
  std::string guidance_exits = "joint";   // joint | separate
  std::string compare_with;               // label of the baseline; "" = the first `full` without a model of its own
};

struct TimingOptions {
  int min_rounds = 5;
  int max_rounds = 50;
  double max_seconds = 300.0;        // all rounds of the run together
  double target_half_width = 0.02;   // relative, of the interval of the median
  double warmup_max_seconds = 10.0;  // of each cell, until two windows of repetitions agree; 0: no warm-up
};

// a network that quality is judged with
struct ExtractorEntry {
  std::string extractor = "fashion_mnist";  // zoo name or TorchScript file
  std::string mode = "plain";               // what it is given: harness/quality/input_mode.h
  std::string reference{};                  // "" = the one beside the extractor
  // "suite.toml:4: [quality] extractor"
  std::string extractor_where{};
  std::string reference_where{};
};

struct QualityOptions {
  int samples = 2048;  // 0 = quality is not judged
  int batch = 64;
  int shard = 512;                                // samples per resumable piece of work
  std::vector<ExtractorEntry> extractors = {{}};  // the first is the one that tables and figures show
  std::vector<std::string> metrics = {"fid"};
  std::string metrics_where;
  std::string to_uint8 = "round";  // round | truncate | edm: how samples become bytes
  std::string lpips;               // TorchScript file of an LPIPS network; "": none
  std::string lpips_where;
  std::string keep = "features";  // features | statistics | images: what stays in the file
  int images = 8;                 // to look at, stored per method and solver
};

struct CheckOptions {
  double tolerance = 1e-5;  // largest difference from `full` at a method's never-skip setting
};

// "suite.toml:4: [run] model" of what names a file
struct Places {
  std::string model;
  std::string runtime{};
};

// A shared object with methods of its own.
struct Plugin {
  std::filesystem::path file;
  std::string where;
};

struct Suite {
  std::string name;
  std::string description;
  std::int64_t seed = 0;
  RunOptions run;
  std::vector<MethodEntry> methods;  // at least one
  std::vector<SolverEntry> solvers;  // at least one
  TimingOptions timing;
  QualityOptions quality;
  CheckOptions check;
  std::vector<std::string> plugins;  // as given; plugins_of() finds the files
  std::filesystem::path folder;      // of the file: where relative paths are looked for first
  Places places;
  std::string text;  // the file, word for word
};

// What names may be used; an empty list is not checked.
struct ValidNames {
  std::vector<std::string> methods;
  std::vector<std::string> solvers;
  std::vector<std::string> grids;
  std::vector<std::string> runtimes{};
};

// `overrides`: "key=value" with a dotted key of [run], [timing], [quality], [check] or the top level. The value is
// TOML; what is not TOML is taken as text.
Suite parse_suite(const std::filesystem::path& path, const std::vector<std::string>& overrides = {},
                  const ValidNames& valid = {});
Suite parse_suite_text(std::string_view text, std::string file_name, const std::vector<std::string>& overrides = {},
                       const ValidNames& valid = {});

// The plugins that a suite names, to be loaded before the names of their methods can be checked.
std::vector<Plugin> plugins_of(const std::filesystem::path& path);

// Everything that decides what is measured, overrides included: equal for equal experiments whatever the layout, the
// comments or the description. Hash it to tell whether a run may be resumed.
nlohmann::json identity(const Suite& suite);

}  // namespace diffbench::suite
