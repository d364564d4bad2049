#include "harness/suite/plan.h"

#include <set>

#include "harness/suite/pattern.h"
#include "methods/config/input_error.h"

namespace diffbench::suite {
namespace {

using config::InputError;

constexpr size_t kMaxCells = 100'000;

// the text itself, or in quotes with its control characters escaped
std::string plain(const std::string& text) {
  const std::string quoted = nlohmann::json(text).dump();
  return quoted.size() == text.size() + 2 ? text : quoted;
}

// "ddim", or "ddim(eta=0.5,variance=fixed_small)"; JSON objects are sorted by key
std::string solver_text(const SolverEntry& solver) {
  std::string text;
  for (const auto& [key, value] : solver.params.items()) {
    text += (text.empty() ? "" : ",") + plain(key) + "=";
    text += value.is_string() ? plain(value.get<std::string>()) : value.dump();
  }
  return text.empty() ? solver.name : solver.name + "(" + text + ")";
}

// index into suite.methods, or -1
int baseline_method(const Suite& suite) {
  for (size_t i = 0; i < suite.methods.size(); ++i) {
    const auto& method = suite.methods[i];
    const bool is_default = method.name == "full" && method.model.empty();
    if (suite.run.compare_with.empty() ? is_default : method.label == suite.run.compare_with) {
      return static_cast<int>(i);
    }
  }
  return -1;
}

// everything of a cell but its method
struct Point {
  const SolverEntry* solver;
  int steps;
  std::string precision;
  std::string runtime;
  std::string scenario;
  int batch;
};

std::vector<Point> points(const Suite& suite) {
  std::vector<Point> result;
  const auto add = [&](const Point& point) {
    result.push_back(point);
    if (result.size() * suite.methods.size() > kMaxCells) {
      throw InputError(suite.solvers.front().where + ": the suite has more than " + std::to_string(kMaxCells) +
                       " cells");
    }
  };
  for (const auto& solver : suite.solvers) {
    for (const int steps : solver.steps) {
      for (const auto& precision : suite.run.precision) {
        for (const auto& runtime : suite.run.runtime) {
          for (const auto& scenario : suite.run.scenario) {
            const auto batches = scenario == "single_stream" ? std::vector<int>{1} : suite.run.batch;
            for (const int batch : batches) add({&solver, steps, precision, runtime, scenario, batch});
          }
        }
      }
    }
  }
  return result;
}

Cell make_cell(const Suite& suite, const MethodEntry& method, const Point& point) {
  const std::string sampler = solver_text(*point.solver) + "/" + point.solver->grid + "/" + std::to_string(point.steps);
  // the runtime that everybody has goes without saying, so that keys are those of suites that do not name it
  const std::string numbers = point.precision + (point.runtime == "eager" ? "" : "/" + point.runtime);
  Cell cell;
  cell.group = sampler + "/b" + std::to_string(point.batch) + "/" + numbers + "/" + point.scenario;
  cell.key = method.label + "/" + cell.group;
  cell.quality_key = method.label + "/" + sampler + "/" + numbers;
  cell.method = method.name;
  cell.label = method.label;
  cell.method_params = method.params;
  cell.model = method.model.empty() ? suite.run.model : method.model;
  cell.solver = point.solver->name;
  cell.solver_params = point.solver->params;
  cell.grid = point.solver->grid;
  cell.steps = point.steps;
  cell.batch = point.batch;
  cell.precision = point.precision;
  cell.runtime = point.runtime;
  cell.scenario = point.scenario;
  return cell;
}

}  // namespace

std::vector<Cell> plan(const Suite& suite) {
  const int baseline = baseline_method(suite);
  std::vector<Cell> cells;
  std::set<std::string> keys;
  for (const auto& point : points(suite)) {
    const int group_start = static_cast<int>(cells.size());
    for (const auto& method : suite.methods) {
      Cell cell = make_cell(suite, method, point);
      cell.index = static_cast<int>(cells.size());
      if (baseline >= 0 && cell.index != group_start + baseline) {
        cell.baseline = group_start + baseline;
      }
      if (!keys.insert(cell.key).second) {
        throw InputError(point.solver->where + ": the cell '" + cell.key + "' stands twice in this suite");
      }
      cells.push_back(std::move(cell));
    }
  }
  return cells;
}

Selection only(const std::vector<Cell>& cells, const std::string& regex) {
  const Pattern pattern(regex);
  std::vector<bool> matches(cells.size());
  std::vector<bool> kept(cells.size());
  for (size_t i = 0; i < cells.size(); ++i) {
    if (pattern.matches(cells[i].key)) {
      matches[i] = kept[i] = true;
      if (cells[i].baseline) {
        kept[static_cast<size_t>(*cells[i].baseline)] = true;
      }
    }
  }
  Selection selection;
  std::vector<int> new_index(cells.size(), -1);
  for (size_t i = 0; i < cells.size(); ++i) {
    if (kept[i]) {
      new_index[i] = static_cast<int>(selection.cells.size());
      selection.cells.push_back(cells[i]);
      selection.cells.back().index = new_index[i];
      if (!matches[i]) {
        selection.kept_baselines.push_back(cells[i].key);
      }
    }
  }
  if (selection.cells.empty()) {
    throw InputError("--only " + regex + ": matches none of the " + std::to_string(cells.size()) + " cells" +
                     (cells.empty() ? "" : "; the first is '" + cells.front().key + "'"));
  }
  for (auto& cell : selection.cells) {
    if (cell.baseline) {
      cell.baseline = new_index[static_cast<size_t>(*cell.baseline)];
    }
  }
  return selection;
}

}  // namespace diffbench::suite
