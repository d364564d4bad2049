#pragma once
// Flags that several subcommands share: solver, grid, steps and guidance.
//
//   auto options = std::make_shared<SamplingOptions>();
//   add_sampling_options(command, *options);
//   const Sampler sampler = make_sampler(*options, *model);
//   const Guidance guidance = guidance_of(*options);

#include "harness/commands/command.h"
#include "methods/sampling/guidance.h"
#include "methods/sampling/sampler.h"

namespace diffbench::commands {

struct SamplingOptions {
  std::string solver = "ddim";
  std::vector<std::string> solver_params;
  std::string grid = "trailing";
  int steps = 20;
  double guidance = 1.0;
  std::vector<double> guidance_interval;
  std::string guidance_exits = "joint";
};

void add_sampling_options(Command command, SamplingOptions& options);
// InputErrors name the flag
Sampler make_sampler(const SamplingOptions& options, const Model& model);
Guidance guidance_of(const SamplingOptions& options);

}  // namespace diffbench::commands
