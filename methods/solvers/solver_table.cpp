#include "methods/solvers/solver_table.h"

#include <algorithm>

#include "methods/config/input_error.h"
#include "methods/config/nearest.h"

// one line per solver: the name of its file and of its function
#define DIFFBENCH_SOLVERS(SOLVER) \
  SOLVER(ddpm)                    \
  SOLVER(ddim)                    \
  SOLVER(euler_maruyama)          \
  SOLVER(dpm_solver_1)            \
  SOLVER(dpm_solver_2)            \
  SOLVER(dpm_solver_3)            \
  SOLVER(dpm_solver_pp_2s)        \
  SOLVER(dpm_solver_pp_3s)        \
  SOLVER(dpm_solver_pp_2m)        \
  SOLVER(dpm_solver_pp_3m)        \
  SOLVER(dpm_solver_pp_sde)       \
  SOLVER(unipc)                   \
  SOLVER(pndm)                    \
  SOLVER(edm_heun)

namespace diffbench::solvers {

#define SOLVER(name) SolverEntry name##_entry();
DIFFBENCH_SOLVERS(SOLVER)
#undef SOLVER

namespace {

Clipping clipping_of(const nlohmann::json& params, const std::string& where) {
  const bool clip = params.at("clip_sample");
  const bool threshold = params.at("thresholding");
  if (clip && threshold) {
    throw config::InputError(where + ": clip_sample and thresholding exclude each other");
  }
  return {.kind = clip        ? Clipping::Kind::kClip
                  : threshold ? Clipping::Kind::kDynamicThreshold
                              : Clipping::Kind::kNone,
          .range = params.at("clip_sample_range"),
          .quantile = params.at("dynamic_thresholding_ratio"),
          .max_value = params.at("sample_max_value")};
}

}  // namespace

const std::vector<config::ParamSpec>& common_params() {
  using config::ParamType;
  static const std::vector<config::ParamSpec> kSpecs = {
      {.name = "clip_sample",
       .type = ParamType::kBool,
       .default_value = false,
       .description = "clip the predicted data at every evaluation"},
      {.name = "clip_sample_range",
       .type = ParamType::kNumber,
       .default_value = 1.0,
       .description = "to this absolute value",
       .minimum = 0.0},
      {.name = "thresholding",
       .type = ParamType::kBool,
       .default_value = false,
       .description = "dynamic thresholding of the predicted data (arXiv 2205.11487)"},
      {.name = "dynamic_thresholding_ratio",
       .type = ParamType::kNumber,
       .default_value = 0.995,
       .description = "quantile of a sample's absolute values to which it is clipped",
       .minimum = 0.0,
       .maximum = 1.0},
      {.name = "sample_max_value",
       .type = ParamType::kNumber,
       .default_value = 1.0,
       .description = "largest threshold; at 1 thresholding is plain clipping to [-1, 1]",
       .minimum = 1.0}};
  return kSpecs;
}

const std::vector<SolverEntry>& solver_table() {
#define SOLVER(name) name##_entry(),
  static const std::vector<SolverEntry> kTable = {DIFFBENCH_SOLVERS(SOLVER)};
#undef SOLVER
  return kTable;
}

std::vector<std::string> solver_names() {
  std::vector<std::string> names;
  for (const auto& entry : solver_table()) {
    names.push_back(entry.name);
  }
  return names;
}

std::vector<std::string> grid_names() {
  std::vector<std::string> names;
  for (const auto& entry : solver_table()) {
    for (const auto& grid : entry.all_grids()) {
      if (std::find(names.begin(), names.end(), grid) == names.end()) {
        names.push_back(grid);
      }
    }
  }
  return names;
}

std::vector<std::string> SolverEntry::all_grids() const {
  auto all = grids;
  for (const auto& grid : continuous_grids) {
    if (std::find(all.begin(), all.end(), grid) == all.end()) {
      all.push_back(grid);
    }
  }
  return all;
}

const SolverEntry& find_solver(const PlanRequest& request) {
  for (const auto& entry : solver_table()) {
    if (entry.name == request.solver) {
      return entry;
    }
  }
  throw config::InputError(request.where + ": " + config::unknown_name("solver", request.solver, solver_names()));
}

nlohmann::json resolve_solver_params(const PlanRequest& request) {
  const auto& entry = find_solver(request);
  auto specs = entry.params;
  specs.insert(specs.end(), common_params().begin(), common_params().end());
  return config::resolve_params(request.params, specs, request.where + ": " + entry.name);
}

Plan make_plan(PlanRequest request, const NoiseSchedule& schedule) {
  const auto* entry = &find_solver(request);
  const std::string place = request.where + ": " + entry->name;
  request.params = resolve_solver_params(request);
  request.clipping = clipping_of(request.params, place);
  const auto& grids = schedule.is_continuous() ? entry->continuous_grids : entry->grids;
  if (grids.empty()) {
    throw config::InputError(request.where + ": " + entry->name + " needs a " +
                             (schedule.is_continuous() ? "discrete noise schedule, not vp_continuous"
                                                       : "vp_continuous noise schedule, not a discrete one"));
  }
  if (std::find(grids.begin(), grids.end(), request.grid) == grids.end()) {
    const auto all = grid_names();
    const std::string start = request.where + ": grid: " + entry->name;
    if (std::find(all.begin(), all.end(), request.grid) == all.end()) {
      throw config::InputError(start + ": " + config::unknown_name("grid", request.grid, grids));
    }
    std::string message = start + " has no grid '" + request.grid + "'" +
                          (schedule.is_continuous() ? " on vp_continuous" : "") + "; it takes:";
    for (const auto& grid : grids) {
      message += " " + grid;
    }
    throw config::InputError(message);
  }
  if (request.steps < 1 || request.steps > schedule.train_steps()) {
    throw config::InputError(request.where + ": steps: " + std::to_string(request.steps) + " is not 1 to " +
                             std::to_string(schedule.train_steps()));
  }
  try {
    auto plan = entry->make(request, schedule);
    plan.clipping = request.clipping;
    return plan;
  } catch (const config::InputError& error) {
    throw config::InputError(request.where + ": " + error.what());
  }
}

}  // namespace diffbench::solvers
