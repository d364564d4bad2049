#include "harness/commands/sampling_options.h"

#include "methods/solvers/solver_table.h"

namespace diffbench::commands {

void add_sampling_options(Command command, SamplingOptions& options) {
  command.add_option("--solver", options.solver, "solver (diffbench list solvers)").capture_default_str();
  command.add_option("--solver-param", options.solver_params, "solver parameter key=value, repeatable");
  command.add_option("--grid", options.grid, "time grid (diffbench list grids)").capture_default_str();
  command.add_option("--steps", options.steps, "solver steps").capture_default_str().at_least(1);
  command.add_option("--guidance", options.guidance, "scale of classifier-free guidance; 1: none")
      .capture_default_str();
  command.add_option("--guidance-interval", options.guidance_interval, "two times between which it acts, as LOW,HIGH")
      .delimiter(',')
      .expected(2);
  command
      .add_option("--guidance-exits", options.guidance_exits,
                  "joint: both halves of a sample leave the network together; separate: each by itself")
      .capture_default_str()
      .one_of({"joint", "separate"});
}

Sampler make_sampler(const SamplingOptions& options, const Model& model) {
  return {solvers::make_plan({.solver = options.solver,
                              .grid = options.grid,
                              .steps = options.steps,
                              .params = config::params_from_flags(options.solver_params, "--solver-param")},
                             *model.schedule),
          model};
}

Guidance guidance_of(const SamplingOptions& options) {
  Guidance guidance{.scale = options.guidance, .joint_exits = options.guidance_exits == "joint"};
  set_interval(guidance, options.guidance_interval, "--guidance-interval");
  return guidance;
}

}  // namespace diffbench::commands
