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
  SOLVER(dpm_solver_pp_2m)        \
  SOLVER(dpm_solver_pp_sde)       \
  SOLVER(unipc)                   \
  SOLVER(pndm)                    \
  SOLVER(edm_heun)

namespace diffbench::solvers {

#define SOLVER(name) SolverEntry name##_entry();
DIFFBENCH_SOLVERS(SOLVER)
#undef SOLVER

const std::vector<SolverEntry>& solver_table() {
#define SOLVER(name) name##_entry(),
  static const std::vector<SolverEntry> table = {DIFFBENCH_SOLVERS(SOLVER)};
#undef SOLVER
  return table;
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

Plan make_plan(PlanRequest request, const NoiseSchedule& schedule) {
  const auto& table = solver_table();
  const auto entry =
      std::find_if(table.begin(), table.end(), [&](const SolverEntry& row) { return row.name == request.solver; });
  if (entry == table.end()) {
    throw config::InputError(request.where + ": " + config::unknown_name("solver", request.solver, solver_names()));
  }
  request.params = config::resolve_params(request.params, entry->params, request.where + ": " + entry->name);
  const auto& grids = schedule.is_continuous() ? entry->continuous_grids : entry->grids;
  if (grids.empty()) {
    throw config::InputError(request.where + ": " + entry->name + " needs a " +
                             (schedule.is_continuous() ? "discrete noise schedule, not vp_continuous"
                                                       : "vp_continuous noise schedule, not a discrete one"));
  }
  if (std::find(grids.begin(), grids.end(), request.grid) == grids.end()) {
    throw config::InputError(request.where + ": grid: " + entry->name +
                             (schedule.is_continuous() ? " on vp_continuous: " : ": ") +
                             config::unknown_name("grid", request.grid, grids));
  }
  if (request.steps < 1 || request.steps > schedule.train_steps()) {
    throw config::InputError(request.where + ": steps: " + std::to_string(request.steps) + " is not 1 to " +
                             std::to_string(schedule.train_steps()));
  }
  try {
    return entry->make(request, schedule);
  } catch (const config::InputError& error) {
    throw config::InputError(request.where + ": " + error.what());
  }
}

}  // namespace diffbench::solvers
