#include "harness/commands/result_table.h"

#include <spdlog/fmt/fmt.h>

#include <algorithm>

namespace diffbench::commands {
namespace {

using results::CellStatus;
using results::CellSummary;
using results::Interval;

std::string number(const std::optional<double>& value, const char* format) {
  return value ? fmt::format(fmt::runtime(format), *value) : "-";
}

std::string with_interval(const std::optional<double>& value, const std::optional<Interval>& interval,
                          const char* format) {
  if (!value || !interval) {
    return number(value, format);
  }
  return fmt::format("{} [{}, {}]", number(*value, format), number(interval->low, format),
                     number(interval->high, format));
}

std::string duration(const std::optional<double>& ns) {
  if (!ns) {
    return "-";
  }
  return *ns >= 1e9 ? fmt::format("{:.3g} s", *ns * 1e-9) : fmt::format("{:.3g} ms", *ns * 1e-6);
}

std::optional<double> percent(const std::optional<double>& ratio) {
  return ratio ? std::optional(*ratio * 100.0) : std::nullopt;
}

struct Column {
  const char* title;
  std::string (*text)(const CellSummary&);
};

constexpr Column kColumns[] = {
    {"method", [](const CellSummary& c) { return c.method_label; }},
    {"solver", [](const CellSummary& c) { return c.solver + " " + c.grid; }},
    {"steps", [](const CellSummary& c) { return std::to_string(c.steps); }},
    {"scenario", [](const CellSummary& c) { return fmt::format("{} b{} {}", c.scenario, c.batch, c.precision); }},
    {"latency", [](const CellSummary& c) { return duration(c.latency_ns); }},
    {"images/s", [](const CellSummary& c) { return number(c.images_per_s, "{:.4g}"); }},
    {"speed-up", [](const CellSummary& c) { return with_interval(c.speedup, c.speedup_interval, "{:.3f}"); }},
    {"theory", [](const CellSummary& c) { return number(c.theoretical_speedup, "{:.3f}"); }},
    {"realised", [](const CellSummary& c) { return number(c.realised_fraction, "{:.2f}"); }},
    {"blocks %", [](const CellSummary& c) { return number(percent(c.blocks_ratio), "{:.1f}"); }},
    {"FID", [](const CellSummary& c) { return with_interval(c.fid, c.fid_interval, "{:.3g}"); }},
    {"N", [](const CellSummary& c) { return c.fid_n ? std::to_string(*c.fid_n) : "-"; }},
};

nlohmann::json interval_json(const std::optional<Interval>& interval) {
  return interval ? nlohmann::json{interval->low, interval->high} : nlohmann::json();
}

template <typename T>
nlohmann::json optional_json(const std::optional<T>& value) {
  return value ? nlohmann::json(*value) : nlohmann::json();
}

}  // namespace

std::string result_table(const std::vector<CellSummary>& cells) {
  std::vector<std::vector<std::string>> lines(1);
  for (const auto& column : kColumns) {
    lines[0].push_back(column.title);
  }
  for (const auto& cell : cells) {
    auto& line = lines.emplace_back();
    for (const auto& column : kColumns) {
      line.push_back(column.text(cell));
    }
  }
  std::vector<size_t> widths(std::size(kColumns));
  for (const auto& line : lines) {
    for (size_t i = 0; i < line.size(); ++i) {
      widths[i] = std::max(widths[i], line[i].size());
    }
  }
  std::string text;
  for (size_t row = 0; row < lines.size(); ++row) {
    for (size_t i = 0; i < widths.size(); ++i) {
      text += fmt::format("{:<{}}  ", lines[row][i], widths[i]);
    }
    text.erase(text.find_last_not_of(' ') + 1);
    if (row > 0 && cells[row - 1].status != CellStatus::kOk) {
      text += fmt::format("  {}: {}", results::to_string(cells[row - 1].status), cells[row - 1].reason);
    }
    text += "\n";
  }
  return text;
}

nlohmann::json result_json(const std::vector<CellSummary>& cells, int64_t run, const std::string& database) {
  nlohmann::json list = nlohmann::json::array();
  for (const auto& cell : cells) {
    list.push_back({{"key", cell.key},
                    {"method", cell.method},
                    {"label", cell.method_label},
                    {"solver", cell.solver},
                    {"grid", cell.grid},
                    {"steps", cell.steps},
                    {"batch", cell.batch},
                    {"precision", cell.precision},
                    {"device", cell.device},
                    {"ranks", cell.ranks},
                    {"scenario", cell.scenario},
                    {"status", results::to_string(cell.status)},
                    {"reason", cell.reason},
                    {"stop_reason", cell.stop_reason},
                    {"latency_ns", optional_json(cell.latency_ns)},
                    {"latency_interval_ns", interval_json(cell.latency_interval_ns)},
                    {"images_per_s", optional_json(cell.images_per_s)},
                    {"speedup", optional_json(cell.speedup)},
                    {"speedup_interval", interval_json(cell.speedup_interval)},
                    {"theoretical_speedup", optional_json(cell.theoretical_speedup)},
                    {"realised_fraction", optional_json(cell.realised_fraction)},
                    {"blocks_ratio", optional_json(cell.blocks_ratio)},
                    {"null_overhead_ratio", optional_json(cell.null_overhead_ratio)},
                    {"fid", optional_json(cell.fid)},
                    {"fid_interval", interval_json(cell.fid_interval)},
                    {"n", optional_json(cell.fid_n)},
                    {"sample_checksum", cell.sample_checksum},
                    {"on_pareto_front", cell.on_pareto_front}});
  }
  return {{"run", run}, {"database", database}, {"cells", list}};
}

}  // namespace diffbench::commands
