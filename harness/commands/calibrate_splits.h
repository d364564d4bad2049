#pragma once
// `diffbench calibrate --splits`: what every procedure gives over random splits of one table of losses, as a table for
// people, a JSON document, and the CSV that dashboards/risk_figure.py draws.
//
//   SplitOptions options;
//   add_split_options(command, options);
//   const auto request = split_request(options, delta, bound);     // before any trajectory runs
//   evaluate_splits_of(table, request, options.out, json);

#include "harness/commands/command.h"
#include "methods/risk_controlled/procedures/splits.h"

namespace diffbench::commands {

struct SplitOptions {
  int64_t splits = 0;  // 0: one calibration on all units
  int64_t calibration_units = 0;
  uint64_t seed = 0;
  std::vector<double> epsilons;
  std::string out;
};

void add_split_options(Command command, SplitOptions& options);

// InputErrors that name the flag, of all that needs no table
risk_control::SplitRequest split_request(const SplitOptions& options, double delta, double bound);

// computes, writes `out` where it is not empty, prints to stdout
void evaluate_splits_of(const risk_control::LossTable& table, const risk_control::SplitRequest& request,
                        const std::string& out, bool json);

}  // namespace diffbench::commands
