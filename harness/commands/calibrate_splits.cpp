#include "harness/commands/calibrate_splits.h"

#include <fmt/core.h>

#include <iostream>
#include <nlohmann/json.hpp>
#include <span>

#include "harness/commands/sample_files.h"
#include "harness/commands/text_table.h"
#include "methods/data/file_io.h"

namespace diffbench::commands {
namespace {

using nlohmann::json;
using risk_control::SplitRequest;
using risk_control::SplitRow;
using risk_control::Spread;

json to_json(const Spread& spread) {
  return {{"mean", spread.mean}, {"low", spread.low}, {"median", spread.median}, {"high", spread.high}};
}

json to_json(const std::vector<SplitRow>& rows, const risk_control::LossTable& table, const SplitRequest& request) {
  const size_t calibration = risk_control::check(table, request);
  json document = {{"splits", request.splits},
                   {"seed", request.seed},
                   {"calibration_units", calibration},
                   {"test_units", table.units - calibration},
                   {"delta", request.delta},
                   {"loss_bound", request.bound},
                   {"quantiles", {risk_control::kLowQuantile, risk_control::kHighQuantile}},
                   {"rows", json::array()}};
  for (const SplitRow& row : rows) {
    document["rows"].push_back({{"procedure", row.procedure->name},
                                {"epsilon", row.epsilon},
                                {"risk", to_json(row.risk)},
                                {"exit", row.exit ? to_json(*row.exit) : json()},
                                {"exceeded_ratio", row.exceeded_ratio},
                                {"none_ratio", row.none_ratio}});
  }
  return document;
}

std::string csv_of(const Spread& spread) {
  return fmt::format("{:.6g},{:.6g},{:.6g},{:.6g}", spread.mean, spread.low, spread.median, spread.high);
}

// tidy: each row says all that it depends on, so that files may be put together
std::string to_csv(const std::vector<SplitRow>& rows, const risk_control::LossTable& table,
                   const SplitRequest& request) {
  const size_t calibration = risk_control::check(table, request);
  std::string text =
      "procedure,epsilon,risk,risk_low,risk_median,risk_high,exit,exit_low,exit_median,exit_high,exceeded_ratio,"
      "none_ratio,splits,seed,calibration_units,test_units,delta,loss_bound\n";
  for (const SplitRow& row : rows) {
    text +=
        fmt::format("{},{:.6g},{},{},{:.6g},{:.6g},{},{},{},{},{:.6g},{:.6g}\n", row.procedure->name, row.epsilon,
                    csv_of(row.risk), row.exit ? csv_of(*row.exit) : ",,,", row.exceeded_ratio, row.none_ratio,
                    request.splits, request.seed, calibration, table.units - calibration, request.delta, request.bound);
  }
  return text;
}

std::string for_people(const std::vector<SplitRow>& rows) {
  std::vector<TextColumn> columns = {{"procedure", {}, true}, {"epsilon", {}, true}, {"risk", {}}, {"10 % to 90 %", {}},
                                     {"blocks %", {}},        {"exceeded", {}},      {"none", {}}};
  for (const SplitRow& row : rows) {
    const std::vector<std::string> texts = {row.procedure->name,
                                            fmt::format("{:.6g}", row.epsilon),
                                            fmt::format("{:.4f}", row.risk.mean),
                                            fmt::format("{:.4f} to {:.4f}", row.risk.low, row.risk.high),
                                            row.exit ? fmt::format("{:.1f}", 100.0 * row.exit->mean) : "-",
                                            fmt::format("{:.0f} %", 100.0 * row.exceeded_ratio),
                                            fmt::format("{:.0f} %", 100.0 * row.none_ratio)};
    for (size_t i = 0; i < columns.size(); ++i) {
      columns[i].texts.push_back(texts[i]);
    }
  }
  return text_table(columns, line_width());
}

}  // namespace

void add_split_options(Command command, SplitOptions& options) {
  const Option splits =
      command
          .add_option("--splits", options.splits,
                      "instead of one calibration: every procedure at every epsilon on this many random splits into "
                      "units that calibrate and units that test")
          .at_least(1);
  const auto with_splits = [&](const char* flag, auto& value, const char* text) {
    return command.add_option(flag, value, text).needs(splits);
  };
  with_splits("--calibration-units", options.calibration_units, "of each split (default: half)").at_least(1);
  with_splits("--split-seed", options.seed, "of the splits (default: 0)");
  with_splits("--epsilons", options.epsilons, "comma-separated (default: 0.01, 0.02, ... 0.5)").delimiter(',');
  with_splits("--splits-out", options.out, ".csv that receives the rows, for dashboards/risk_figure.py");
}

SplitRequest split_request(const SplitOptions& options, double delta, double bound) {
  if (!options.out.empty()) {
    check_file_output("--splits-out", options.out);
  }
  SplitRequest request{.splits = static_cast<size_t>(options.splits),
                       .calibration_units = static_cast<size_t>(options.calibration_units),
                       .seed = options.seed,
                       .epsilons = options.epsilons,
                       .delta = delta,
                       .bound = bound};
  if (request.epsilons.empty()) {
    for (int i = 1; i <= 50; ++i) {  // as the paper's figures
      request.epsilons.push_back(i / 100.0);
    }
  }
  for (const double epsilon : request.epsilons) {
    risk_control::check(risk_control::Target{epsilon, delta, bound});
  }
  return request;
}

void evaluate_splits_of(const risk_control::LossTable& table, const SplitRequest& request, const std::string& out,
                        bool json) {
  const auto rows = risk_control::evaluate_splits(table, request);
  if (!out.empty()) {
    const auto text = to_csv(rows, table, request);
    data::write_file(out, std::as_bytes(std::span(text)));
  }
  if (json) {
    std::cout << to_json(rows, table, request).dump() << "\n";
  } else {
    std::cout << for_people(rows);
  }
}

}  // namespace diffbench::commands
