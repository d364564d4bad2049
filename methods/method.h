#pragma once
// What the registry knows of a method. A method's folder defines one function, `MethodEntry entry()`, in the namespace
// diffbench::methods::<name>; registry.cpp lists the name.
//
//   auto denoiser = make_method("fixed_exit", {{"exit", 5}}, context, "suite.toml:8");

#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
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
};

struct MethodEntry {
  std::string name;
  std::string summary;  // one sentence
  std::string source;   // paper or origin
  std::string needs;    // what must be trained; "nothing" where any checkpoint will do
  // besides every solver and guidance, which no method can tell apart
  std::string composes_with = "either network of duodiff";
  std::vector<config::ParamSpec> params;
  std::function<std::unique_ptr<Denoiser>(const nlohmann::json& params, const MethodContext& context)> make;
  // parameters at which the method equals `full`, from those given; none for a method that never does
  std::function<std::optional<nlohmann::json>(nlohmann::json params, const Model& model)> never_skip;
};

}  // namespace diffbench::methods
