#pragma once
// What the registry knows of a method. A method's folder defines one function, `MethodEntry entry()`, in the namespace
// diffbench::methods::<name>; registry.cpp lists the name.
//
//   auto denoiser = make_method("fixed_exit", {{"exit", 5}}, context, "suite.toml:8");

#include <filesystem>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "methods/config/param_spec.h"
#include "methods/model/model.h"
#include "methods/sampling/denoiser.h"

namespace diffbench::methods {

struct MethodContext {
  std::shared_ptr<Model> model;
  // another model on the same device and in the same precision (duodiff's shallow network)
  std::function<std::shared_ptr<Model>(const std::string& name)> load;
  std::string where;         // file and line, or flag, for error messages
  std::string conditions{};  // how it will be sampled (sampling_conditions.h); empty where nobody samples
  // of the suite: the method looks for files of relative names here first (config::found_from)
  std::filesystem::path folder{};
  // hears of every file that the method reads beside context.model's own (Model::files); may be empty
  std::function<void(const FileRecord& file)> record{};

  void report(const std::string& role, const std::filesystem::path& file) const {
    if (record) {
      record(record_of(role, file));
    }
  }
};

// What a row's number of blocks depends on. Of a batch: its samples are others at another batch size.
enum class Decides { kTime, kRow, kBatch };
std::string_view name_of(Decides decides);  // "time" | "row" | "batch"

// S(t) blocks for from_t <= t < to_t, in model time; the last one includes its end
struct PlannedDepth {
  double from_t = 0.0;
  double to_t = 0.0;
  int64_t blocks = 0;

  bool operator==(const PlannedDepth&) const = default;
};

struct MethodEntry {
  std::string name;
  std::string summary;  // one sentence
  std::string source;   // paper or origin
  std::string needs;    // what must be trained; "nothing" where any checkpoint will do
  // parameters that name a method inside it: any that does not run alone
  std::vector<std::string> inner_methods{};
  // why it cannot run inside another method; empty: it can. Every method runs under every solver and guidance.
  std::string alone{};
  std::string knob{};            // the parameter that trades quality for speed; empty: there is none
  std::string knob_text = "{}";  // how a value of it is labelled
  std::vector<config::ParamSpec> params;
  std::function<std::unique_ptr<Denoiser>(const nlohmann::json& params, const MethodContext& context)> make;
  // parameters at which the method equals `full`, from those given; none for a method that never does
  std::function<std::optional<nlohmann::json>(nlohmann::json params, const Model& model)> never_skip;
  // parameters at which it skips something, from those given, for tests that would see nothing otherwise
  std::function<nlohmann::json(nlohmann::json params, const Model& model)> skipping =
      [](nlohmann::json given, const Model&) { return given; };
  // of resolved parameters (resolve_method_params)
  std::function<Decides(const nlohmann::json& params)> decides = [](const nlohmann::json&) { return Decides::kTime; };
  // The blocks that run at each t, in bins from data to noise, where that is known beforehand; otherwise none. Of
  // resolved parameters.
  std::function<std::vector<PlannedDepth>(const nlohmann::json& params, const MethodContext& context)> planned_depths =
      [](const nlohmann::json&, const MethodContext&) { return std::vector<PlannedDepth>(); };
};

}  // namespace diffbench::methods
