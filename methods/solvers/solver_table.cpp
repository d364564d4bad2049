#include "methods/solvers/solver_table.h"

#include <algorithm>

#include "methods/config/input_error.h"
#include "methods/config/nearest.h"

// one line per solver: the name of its file and of its function
#define DIFFBENCH_SOLVERS(SOLVER) \
  SOLVER(ddpm)                    \
  SOLVER(ddim)                    \
  SOLVER(dpm_solver_pp_2m)

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
    for (const auto& grid : entry.grids) {
      if (std::find(names.begin(), names.end(), grid) == names.end()) {
        names.push_back(grid);
      }
    }
  }
  return names;
}

Plan make_plan(PlanRequest request, const NoiseSchedule& schedule) {
  const auto& table = solver_table();
  const auto entry =
      std::find_if(table.begin(), table.end(), [&](const SolverEntry& row) { return row.name == request.solver; });
  if (entry == table.end()) {
    throw config::InputError(request.where + ": " + config::unknown_name("solver", request.solver, solver_names()));
  }
  request.params = config::resolve_params(request.params, entry->params, request.where + ": " + entry->name);
  if (std::find(entry->grids.begin(), entry->grids.end(), request.grid) == entry->grids.end()) {
    throw config::InputError(request.where + ": grid: " + entry->name + ": " +
                             config::unknown_name("grid", request.grid, entry->grids));
  }
  if (schedule.is_continuous()) {
    throw config::InputError(request.where + ": " + entry->name + " on grid " + request.grid +
                             " needs a discrete noise schedule, not vp_continuous");
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
