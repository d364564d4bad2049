#include "harness/compare/gate_file.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <map>
#include <memory>
#include <string_view>

#include "harness/suite/pattern.h"
#include "methods/config/input_error.h"
#include "methods/config/nearest.h"
#include "methods/config/toml_table.h"
#include "results/compare/compared_metrics.h"
#include "results/metrics.h"

namespace diffbench::compare {
namespace {

using config::TomlTable;

// a regular expression; without one, every cell
results::CellPattern read_cells(const TomlTable& table) {
  const auto text = table.get_or<std::string>("cells", "");
  const auto pattern = std::make_shared<suite::Pattern>(text.empty() ? "." : text, table.place_of("cells"));
  return [pattern](const std::string& key) { return pattern->matches(key); };
}

using Names = std::vector<std::string>;

std::string read_metric(const TomlTable& table, bool must_be_compared, const Names& quality_metrics) {
  const auto name = table.get<std::string>("metric");
  std::vector<std::string> valid;
  if (must_be_compared) {
    for (const auto& metric : results::compared_metrics()) valid.emplace_back(metric.name);
  } else {
    for (const auto& metric : results::kMetrics) valid.emplace_back(metric.name);
  }
  valid.insert(valid.end(), quality_metrics.begin(), quality_metrics.end());
  // of a further extractor: fid@clip
  if (std::find(valid.begin(), valid.end(), name.substr(0, name.find('@'))) == valid.end()) {
    table.fail("metric", config::unknown_name("metric", name, valid));
  }
  return name;
}

// the file and line of an entry, without its key
std::string place(const TomlTable& table, const char* key) {
  const std::string words = table.place_of(key);
  return words.substr(0, words.find(": "));
}

// A number in the metric's unit, or text with a unit of its own: "20 ms", "1.5 GiB".
double read_quantity(const TomlTable& table, const char* key) {
  static const std::map<std::string, double> kUnits = {{"ns", 1},          {"us", 1e3},          {"ms", 1e6},
                                                       {"s", 1e9},         {"bytes", 1},         {"KiB", 1024.0},
                                                       {"MiB", 1048576.0}, {"GiB", 1073741824.0}};
  const auto value = table.json(key);
  if (value.is_number()) return value.get<double>();
  const std::string text = value.is_string() ? value.get<std::string>() : "";
  double number = 0;
  const auto end = std::from_chars(text.data(), text.data() + text.size(), number);
  std::string unit(end.ptr, text.data() + text.size());
  unit.erase(0, unit.find_first_not_of(' '));
  if (end.ec != std::errc() || number < 0 || !kUnits.contains(unit)) {
    table.fail(key, "must be a number in the metric's unit, or text such as \"20 ms\" or \"1.5 GiB\"");
  }
  return number * kUnits.at(unit);
}

std::string read_date(const TomlTable& table, const char* key) {
  if (!table.has(key)) table.fail_missing(key, "the last day on which it holds, as in 2026-12-31");
  const auto value = table.json(key);
  const std::string text = value.is_string() ? value.get<std::string>() : value.dump();
  constexpr std::string_view kForm = "dddd-dd-dd";
  const bool is_date = std::equal(text.begin(), text.end(), kForm.begin(), kForm.end(), [](char letter, char form) {
    return form == 'd' ? letter >= '0' && letter <= '9' : letter == form;
  });
  if (!is_date) table.fail(key, "must be a date, as in 2026-12-31");
  return text;
}

results::Threshold read_threshold(const TomlTable& table, const Names& quality_metrics) {
  table.allow_only({"metric", "cells", "effect", "gates"});
  results::Threshold entry{
      .place = place(table, "metric"), .metric = read_metric(table, true, quality_metrics), .cells = read_cells(table)};
  if (table.has("effect")) {
    entry.effect = table.get<double>("effect");
    if (!(*entry.effect > 0)) table.fail("effect", "must be above 0");
  }
  if (table.has("gates")) entry.gates = table.get<bool>("gates");
  if (!entry.effect && !entry.gates)
    table.fail("effect", "missing; effect or gates is needed, or the entry says nothing");
  return entry;
}

results::Allowance read_allowance(const TomlTable& table, const std::string& today, const Names& quality_metrics) {
  table.allow_only({"metric", "cells", "reason", "until"});
  results::Allowance entry{.place = place(table, "cells"), .cells = read_cells(table)};
  if (table.has("metric")) entry.metric = read_metric(table, true, quality_metrics);
  entry.reason = table.get<std::string>("reason");
  entry.until = read_date(table, "until");
  entry.is_expired = entry.until < today;
  return entry;
}

results::Budget read_budget(const TomlTable& table, const Names& quality_metrics) {
  table.allow_only({"metric", "cells", "at_most", "at_least"});
  results::Budget entry{.place = place(table, "metric"),
                        .metric = read_metric(table, false, quality_metrics),
                        .cells = read_cells(table)};
  if (table.has("at_most")) entry.at_most = read_quantity(table, "at_most");
  if (table.has("at_least")) entry.at_least = read_quantity(table, "at_least");
  if (entry.at_most.has_value() == entry.at_least.has_value()) {
    table.fail("at_most", "either at_most or at_least is needed");
  }
  return entry;
}

}  // namespace

results::Gate read_gate(const std::filesystem::path& file, const std::string& today,
                        const std::vector<std::string>& quality_metrics) {
  const auto root = TomlTable::parse_file(file);
  root.allow_only({"confidence", "threshold", "allow", "budget"});
  results::Gate gate;
  gate.confidence = root.get_or<double>("confidence", gate.confidence);
  if (!(gate.confidence > 0.5 && gate.confidence < 1)) root.fail("confidence", "must lie between 0.5 and 1");
  for (const auto& table : root.tables("threshold")) gate.thresholds.push_back(read_threshold(table, quality_metrics));
  for (const auto& table : root.tables("allow"))
    gate.allowances.push_back(read_allowance(table, today, quality_metrics));
  for (const auto& table : root.tables("budget")) gate.budgets.push_back(read_budget(table, quality_metrics));
  return gate;
}

std::string today_utc() {
  const std::chrono::year_month_day day(std::chrono::floor<std::chrono::days>(std::chrono::system_clock::now()));
  char text[16];
  std::snprintf(text, sizeof(text), "%04d-%02u-%02u", static_cast<int>(day.year()), static_cast<unsigned>(day.month()),
                static_cast<unsigned>(day.day()));
  return text;
}

}  // namespace diffbench::compare
