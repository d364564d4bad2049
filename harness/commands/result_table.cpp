#include "harness/commands/result_table.h"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <tuple>

#include "harness/commands/text_table.h"
#include "results/metrics.h"

namespace diffbench::commands {
namespace {

using results::CellStatus;
using results::CellSummary;
using results::Estimate;

constexpr int64_t kFewest = 6;  // values that a 95 % interval of a median needs

std::string number(double value, const char* format) { return fmt::format(fmt::runtime(format), value); }

std::string value(const CellSummary& cell, std::string_view metric, const char* format, double scale = 1.0) {
  const auto found = cell.value(metric);
  return found ? number(*found * scale, format) : "-";
}

// too few values are said where a reader would look for the interval
std::string interval_text(const Estimate& estimate, const char* format, double scale) {
  if (estimate.interval) {
    return fmt::format(" [{}, {}]", number(estimate.interval->low * scale, format),
                       number(estimate.interval->high * scale, format));
  }
  return estimate.rule.starts_with("median") && estimate.n < kFewest ? fmt::format(" (n < {})", kFewest) : "";
}

std::string with_interval(const CellSummary& cell, std::string_view metric, const char* format) {
  const Estimate* estimate = cell.find(metric);
  return estimate != nullptr ? number(estimate->value, format) + interval_text(*estimate, format, 1.0) : "-";
}

std::string duration(const CellSummary& cell) {
  const Estimate* latency = cell.find("latency");
  if (latency == nullptr) {
    return "-";
  }
  const bool is_long = latency->value >= 1e9;
  const double scale = is_long ? 1e-9 : 1e-6;
  return number(latency->value * scale, "{:.3g}") + (is_long ? " s" : " ms") + interval_text(*latency, "{:.3g}", scale);
}

std::string marks(const CellSummary& cell) {
  return std::string(cell.warmup_converged == false ? " *" : "") + (cell.disturbed_repetitions > 0 ? " +" : "");
}

struct Column {
  const char* title;
  std::string (*text)(const CellSummary&);
  bool is_optional = false;  // left out where no cell has it
  bool is_name = false;      // says which cell it is
};

constexpr Column kColumns[] = {
    {"method", [](const CellSummary& c) { return c.row.method_label + marks(c); }, false, true},
    {"solver", [](const CellSummary& c) { return c.row.solver + " " + c.row.grid; }, false, true},
    {"steps", [](const CellSummary& c) { return std::to_string(c.row.steps); }, false, true},
    {"scenario",
     [](const CellSummary& c) {
       return fmt::format("{} b{} {}{}", c.row.scenario, c.row.batch, c.row.precision,
                          c.row.runtime == "eager" ? "" : " " + c.row.runtime);
     },
     false, true},
    {"latency", [](const CellSummary& c) { return duration(c); }},
    {"decode %", [](const CellSummary& c) { return value(c, "decode_share", "{:.1f}", 100.0); }, true},
    {"images/s", [](const CellSummary& c) { return value(c, "throughput", "{:.4g}"); }},
    {"speed-up", [](const CellSummary& c) { return with_interval(c, "speedup", "{:.3f}"); }},
    {"theory", [](const CellSummary& c) { return value(c, "theoretical_speedup", "{:.3f}"); }},
    {"realised", [](const CellSummary& c) { return with_interval(c, "realised_fraction", "{:.2f}"); }},
    {"blocks %", [](const CellSummary& c) { return value(c, "blocks_ratio", "{:.1f}", 100.0); }},
    {"memory MB", [](const CellSummary& c) { return value(c, "peak_memory", "{:.0f}", 1e-6); }, true},
    {"GPU MB", [](const CellSummary& c) { return value(c, "device_memory", "{:.0f}", 1e-6); }, true},
    {"J/image", [](const CellSummary& c) { return value(c, "energy_per_sample", "{:.3g}"); }, true},
    {"FID", [](const CellSummary& c) { return with_interval(c, "fid", "{:.3g}"); }},
    {"FID - full", [](const CellSummary& c) { return with_interval(c, "fid_difference", "{:+.3g}"); }, true},
    {"N",
     [](const CellSummary& c) {
       const Estimate* fid = c.find("fid");
       return fid != nullptr ? std::to_string(fid->n) : "-";
     }},
};

// what the marks mean, and how many timings were disturbed by what
std::string footnotes(const std::vector<CellSummary>& cells) {
  std::string text;
  const auto cold =
      std::count_if(cells.begin(), cells.end(), [](const auto& c) { return c.warmup_converged == false; });
  if (cold > 0) {
    text += fmt::format("* the warm-up did not converge: {} of {} cells\n", cold, cells.size());
  }
  int64_t disturbed = 0;
  int64_t repetitions = 0;
  std::map<std::string, int64_t> reasons;
  for (const auto& cell : cells) {
    disturbed += cell.disturbed_repetitions;
    repetitions += cell.repetitions;
    for (const auto& [reason, count] : cell.disturbances) {
      reasons[reason] += count;
    }
  }
  if (disturbed > 0) {
    text += fmt::format("+ {} of {} timings were disturbed and count all the same:", disturbed, repetitions);
    const char* separator = " ";
    for (const auto& [reason, count] : reasons) {
      text += fmt::format("{}{} ({})", separator, reason, count);
      separator = ", ";
    }
    text += "\n";
  }
  return text;
}

template <typename T>
nlohmann::json optional_json(const std::optional<T>& value) {
  return value ? nlohmann::json(*value) : nlohmann::json();
}

nlohmann::json estimate_json(const Estimate& estimate) {
  nlohmann::json json = {{"value", estimate.value}, {"n", estimate.n}, {"rule", estimate.rule}};
  json["interval"] =
      estimate.interval ? nlohmann::json{estimate.interval->low, estimate.interval->high} : nlohmann::json();
  return json;
}

// what was judged besides the FID; differences to `full` stand in the report
std::set<std::string> further_quality(const std::vector<CellSummary>& cells) {
  std::set<std::string> names;
  for (const auto& cell : cells) {
    for (const auto& [name, estimate] : cell.estimates) {
      const bool has_column = std::any_of(results::kMetrics.begin(), results::kMetrics.end(),
                                          [&name = name](const auto& metric) { return metric.name == name; });
      if (!has_column && name != "fid" && name.find("_difference") == std::string::npos) names.insert(name);
    }
  }
  return names;
}

}  // namespace

std::string result_table(const std::vector<CellSummary>& cells) {
  std::vector<TextColumn> columns;
  for (const auto& column : kColumns) {
    std::vector<std::string> texts;
    std::transform(cells.begin(), cells.end(), std::back_inserter(texts), column.text);
    const bool is_bare = std::all_of(texts.begin(), texts.end(), [](const auto& text) { return text == "-"; });
    if (!column.is_optional || !is_bare) columns.push_back({column.title, std::move(texts), column.is_name});
  }
  for (const auto& name : further_quality(cells)) {
    std::vector<std::string> texts;
    for (const auto& cell : cells) texts.push_back(with_interval(cell, name, "{:.3g}"));
    columns.push_back({name, std::move(texts)});
  }
  std::string text = text_table(columns, line_width());
  for (const auto& cell : cells) {
    if (cell.status != CellStatus::kOk) {
      text += fmt::format("{}: {}: {}\n", cell.row.key, results::to_string(cell.status), cell.reason);
    }
  }
  return text + footnotes(cells);
}

std::string overhead_lines(const std::vector<CellSummary>& cells) {
  std::string text;
  for (const auto& cell : cells) {
    for (const char* mode : {"nvtx", "activities", "everything"}) {
      const std::string ratio = with_interval(cell, fmt::format("overhead_{}", mode), "{:.3f}");
      if (ratio != "-") {
        text += fmt::format("recording {}: {} of the time without, {}\n", mode, ratio, cell.row.key);
      }
    }
  }
  return text;
}

std::string rank_lines(const std::vector<CellSummary>& cells) {
  constexpr double kWorthSaying = 1.05;
  struct Slow {
    int cells = 0;
    double most = 1.0;
    std::string key{};
  };
  std::map<std::string, Slow> by_rank;  // "rank 3"
  for (const auto& cell : cells) {
    const auto* pace = cell.find("rank_imbalance");
    if (!pace || pace->value <= kWorthSaying || (pace->interval && pace->interval->low <= 1.0)) continue;
    auto& slow = by_rank[pace->rule.substr(0, pace->rule.find(':'))];
    ++slow.cells;
    if (pace->value > slow.most) std::tie(slow.most, slow.key) = std::tie(pace->value, cell.row.key);
  }
  std::string text;
  for (const auto& [rank, slow] : by_rank) {
    text += fmt::format("{} is the slowest in {} {}: up to {:.0f} % above the mean of all ranks ({})\n", rank,
                        slow.cells, slow.cells == 1 ? "cell" : "cells", 100 * (slow.most - 1), slow.key);
  }
  return text;
}

nlohmann::json result_json(const std::vector<CellSummary>& cells, int64_t run, const std::string& database) {
  nlohmann::json list = nlohmann::json::array();
  for (const auto& cell : cells) {
    nlohmann::json json = {
        {"key", cell.row.key},
        {"method", cell.row.method},
        {"label", cell.row.method_label},
        {"identity", cell.row.identity},
        {"decides", cell.row.decides},
        {"solver", cell.row.solver},
        {"grid", cell.row.grid},
        {"steps", cell.row.steps},
        {"batch", cell.row.batch},
        {"precision", cell.row.precision},
        {"runtime", cell.row.runtime},
        {"device", cell.row.device},
        {"ranks", cell.row.ranks},
        {"threads", cell.row.threads},
        {"scenario", cell.row.scenario},
        {"status", results::to_string(cell.status)},
        {"reason", cell.reason},
        {"stop_reason", cell.stop_reason},
        {"repetitions", cell.repetitions},
        {"samples_seen", cell.samples_seen},
        {"disturbed", cell.disturbances},
        {"disturbed_repetitions", cell.disturbed_repetitions},
        {"warmup_converged", optional_json(cell.warmup_converged)},
        {"warmup_repetitions", cell.warmup_repetitions},
        {"sample_checksum", cell.sample_checksum},
        {"on_pareto_front", cell.on_pareto_front},
    };
    for (const auto& metric : results::kMetrics) {
      if (!metric.summary_column.empty()) {
        json[std::string(metric.summary_column)] = optional_json(cell.value(metric.name));
      }
    }
    for (const char* name : {"fid", "fid_difference"}) json[name] = optional_json(cell.value(name));
    json["n"] = cell.find("fid") != nullptr ? nlohmann::json(cell.find("fid")->n) : nlohmann::json();
    json["fid_n"] = json["n"];
    json["estimates"] = nlohmann::json::object();
    for (const auto& [metric, estimate] : cell.estimates) {
      json["estimates"][metric] = estimate_json(estimate);
    }
    list.push_back(std::move(json));
  }
  return {{"run", run}, {"database", database}, {"cells", list}};
}

}  // namespace diffbench::commands
