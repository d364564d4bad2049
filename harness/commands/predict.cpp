// diffbench predict: what a cluster would give, from a run that is there.

#include <fmt/core.h>

#include <algorithm>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "harness/commands/commands.h"
#include "harness/commands/text_table.h"
#include "harness/predict/measured_work.h"
#include "harness/predict/simulate.h"
#include "harness/suite/pattern.h"
#include "methods/config/input_error.h"
#include "results/compare/run_choice.h"

namespace diffbench::commands {
namespace {

using config::InputError;

struct Options {
  std::string database;
  std::string cluster;
  int64_t samples = 50'000;
  std::vector<int> ranks;
  std::string only;
  uint64_t seed = 0;
  bool json = false;
};

struct Row {
  std::string key;
  size_t ranks = 0;
  size_t nodes = 0;
  predict::Forecast forecast{};
  double images_per_s = 0;
  double price = 0;                  // of a thousand images
  std::optional<double> energy_j{};  // of a thousand images, as measured
};

// 1, 2, 4, ... and all
std::vector<size_t> sizes(const Options& options, size_t all) {
  std::vector<size_t> list;
  for (const int ranks : options.ranks) {
    if (ranks < 1 || static_cast<size_t>(ranks) > all) {
      throw InputError("--ranks: " + std::to_string(ranks) + ": " + options.cluster + " has " + std::to_string(all));
    }
    list.push_back(static_cast<size_t>(ranks));
  }
  if (!list.empty()) return list;
  for (size_t ranks = 1; ranks < all; ranks *= 2) list.push_back(ranks);
  list.push_back(all);
  return list;
}

Row predict_cell(const predict::MeasuredWork& measured, const predict::Cluster& cluster, const Options& options) {
  const auto batches = (options.samples + measured.batch - 1) / measured.batch;
  Row row{.key = measured.key, .ranks = cluster.ranks.size(), .nodes = cluster.price_per_hour.size()};
  row.forecast = predict::simulate(cluster, {.pieces = batches,
                                             .piece_ns = measured.batch_ns,
                                             .result_bytes = measured.bytes_per_batch,
                                             .storing_ns = measured.storing_ns_per_batch,
                                             .seed = options.seed});
  row.images_per_s = static_cast<double>(options.samples) / (row.forecast.wall_ns * 1e-9);
  double price_per_hour = 0;
  for (const double of_node : cluster.price_per_hour) price_per_hour += of_node;
  row.price = 1000 / row.images_per_s * price_per_hour / 3600;
  if (measured.energy_j_per_sample) row.energy_j = 1000 * *measured.energy_j_per_sample;
  return row;
}

void print_table(const std::vector<Row>& rows, const predict::Cluster& cluster) {
  std::vector<TextColumn> columns = {{"cell", {}, true}, {"ranks", {}, true}, {"images/s", {}},   {"efficiency", {}},
                                     {"imbalance", {}},  {"wall", {}},        {"price/1000", {}}, {"lost to", {}}};
  for (const auto& row : rows) {
    const std::string texts[] = {row.key,
                                 std::to_string(row.ranks),
                                 fmt::format("{:.4g}", row.images_per_s),
                                 fmt::format("{:.1f} %", 100 * row.forecast.efficiency),
                                 fmt::format("{:.3f}", row.forecast.imbalance),
                                 fmt::format("{:.4g} s", row.forecast.wall_ns * 1e-9),
                                 row.price > 0 ? fmt::format("{:.3g} {}", row.price, cluster.currency) : "-",
                                 row.forecast.limit};
    for (size_t i = 0; i < columns.size(); ++i) columns[i].texts.push_back(texts[i]);
  }
  std::cout << text_table(columns, line_width());
}

void print_json(const std::vector<Row>& rows, const predict::Cluster& cluster, const Options& options) {
  auto list = nlohmann::json::array();
  for (const auto& row : rows) {
    list.push_back({{"key", row.key},
                    {"ranks", row.ranks},
                    {"nodes", row.nodes},
                    {"images_per_s", row.images_per_s},
                    {"wall_s", row.forecast.wall_ns * 1e-9},
                    {"efficiency", row.forecast.efficiency},
                    {"imbalance", row.forecast.imbalance},
                    {"clerk_share", row.forecast.clerk_share},
                    {"limit", row.forecast.limit},
                    {"price_per_1000_images", row.price},
                    {"energy_j_per_1000_images", row.energy_j ? nlohmann::json(*row.energy_j) : nlohmann::json()}});
  }
  const nlohmann::json document{
      {"cluster", cluster.name}, {"currency", cluster.currency}, {"samples", options.samples}, {"cells", list}};
  std::cout << document.dump(2) << "\n";
}

void predict_run(const Options& options) {
  const auto cluster = predict::read_cluster(options.cluster);
  const auto choice = results::choose_run(options.database);
  auto measured = predict::measured_work(choice.store, choice.run);
  if (!options.only.empty()) {
    const suite::Pattern pattern(options.only);
    std::erase_if(measured, [&](const auto& work) { return !pattern.matches(work.key); });
  }
  if (measured.empty()) {
    throw InputError(options.database + ": no cell" + (options.only.empty() ? "" : " that --only names") +
                     " has made quality samples: nothing is known of how long a batch takes");
  }
  std::vector<Row> rows;
  for (const auto& work : measured) {
    for (const size_t ranks : sizes(options, cluster.ranks.size())) {
      rows.push_back(predict_cell(work, predict::first_ranks(cluster, ranks), options));
    }
  }
  options.json ? print_json(rows, cluster, options) : print_table(rows, cluster);
}

}  // namespace

void add_predict(Command program, int& /*exit_code*/) {
  const Command command =
      program.add_subcommand("predict", "what a cluster would give for quality sampling, from a run that is there");
  auto options = std::make_shared<Options>();
  command.add_option("results", options->database, "results file, or one run of it: F.db@12, F.db@latest").required();
  command.add_option("--cluster", options->cluster, "TOML file: nodes, devices, speeds, prices, link").required();
  command.add_option("--samples", options->samples, "images of each cell").capture_default_str().at_least(1);
  command.add_option("--ranks", options->ranks, "comma-separated; default: 1, 2, 4, ... and all of the cluster")
      .delimiter(',');
  command.add_option("--only", options->only, "regular expression: only cells whose key matches");
  command.add_option("--seed", options->seed, "of which measured times batches get").capture_default_str();
  command.add_flag("--json", options->json, "one JSON document on stdout");
  command.footer("Example: diffbench predict results.db --cluster docs/examples/cluster.toml --samples 50000");
  command.callback([options] { predict_run(*options); });
}

}  // namespace diffbench::commands
