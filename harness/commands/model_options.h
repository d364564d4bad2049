#pragma once
// Flags that several subcommands share: which model, where, in which precision.
//
//   auto options = std::make_shared<ModelOptions>();
//   add_model_options(command, *options);
//   auto model = load(*options);

#include "harness/commands/command.h"
#include "methods/model/model.h"

namespace diffbench::commands {

struct ModelOptions {
  std::string model;
  std::string device = "auto";
  std::string precision = "fp32";
  std::string runtime = "eager";
  int threads = 0;
};

void add_model_options(Command command, ModelOptions& options);
std::shared_ptr<Model> load(const ModelOptions& options);
std::shared_ptr<Model> load(ModelOptions options, const std::string& name);  // another model in the same way

}  // namespace diffbench::commands
