#pragma once
// THE table of solvers, and the way from a name to a plan.
//
//   Plan plan = make_plan({.solver = "ddim", .grid = "trailing", .steps = 20, .params = {{"eta", 0.0}}}, schedule);
//
// A solver defines one function `SolverEntry <name>_entry()`; solver_table.cpp lists the name.

#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "methods/config/param_spec.h"
#include "methods/solvers/noise_schedule.h"
#include "methods/solvers/plan.h"

namespace diffbench::solvers {

struct PlanRequest {
  std::string solver;
  std::string grid = "trailing";
  int steps = 20;
  nlohmann::json params = nlohmann::json::object();
  Clipping clipping{};             // made from params by make_plan
  std::string where = "--solver";  // file and line, or flag, for error messages
};

struct SolverEntry {
  std::string name;
  std::string summary;
  std::string source;
  int order = 1;
  int evaluations_per_step = 1;
  bool stochastic = false;                      // with the parameters' defaults
  std::vector<std::string> grids;               // on a discrete noise schedule
  std::vector<std::string> continuous_grids{};  // on vp_continuous
  std::vector<config::ParamSpec> params;
  std::function<Plan(const PlanRequest& request, const NoiseSchedule& schedule)> make;  // params resolved

  std::vector<std::string> all_grids() const;  // on either kind of schedule, each once
};

const std::vector<SolverEntry>& solver_table();
// parameters that every solver has besides its own: clip_sample, thresholding and their limits
const std::vector<config::ParamSpec>& common_params();
std::vector<std::string> solver_names();
std::vector<std::string> grid_names();  // of all solvers, each once

// InputError, starting with request.where, for an unknown solver
const SolverEntry& find_solver(const PlanRequest& request);
// the request's parameters with defaults filled in; InputError for an unknown or impossible one
nlohmann::json resolve_solver_params(const PlanRequest& request);

// InputError for an unknown solver or parameter, a grid that the solver does not support (the message lists those it
// does), or steps outside 1 .. train_steps
Plan make_plan(PlanRequest request, const NoiseSchedule& schedule);

}  // namespace diffbench::solvers
