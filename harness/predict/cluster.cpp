#include "harness/predict/cluster.h"

#include "methods/config/toml_table.h"

namespace diffbench::predict {
namespace {

using config::TomlTable;

constexpr std::int64_t kMostRanks = 1 << 20;

double positive(const TomlTable& table, const char* key, double fallback) {
  const auto value = table.get_or<double>(key, fallback);
  if (!(value > 0)) table.fail(key, "must be above 0");
  return value;
}

std::int64_t count(const TomlTable& table, const char* key) {
  const auto value = table.get<std::int64_t>(key);
  if (value < 1 || value > kMostRanks) table.fail(key, "must be between 1 and 1048576");
  return value;
}

}  // namespace

Cluster read_cluster(const std::filesystem::path& file) {
  const auto table = TomlTable::parse_file(file);
  table.allow_only({"name", "currency", "node", "link"});
  Cluster cluster{.name = table.get_or<std::string>("name", file.stem().string()),
                  .currency = table.get_or<std::string>("currency", "")};
  const auto nodes = table.tables("node");
  if (nodes.empty()) table.fail_missing("node", "at least one [[node]]");
  for (const auto& node : nodes) {
    node.allow_only({"count", "devices", "speed", "price_per_hour"});
    const auto nodes_of_kind = count(node, "count");
    const auto devices = count(node, "devices");
    const double speed = positive(node, "speed", 1.0);
    const auto price = node.get_or<double>("price_per_hour", 0.0);
    if (!(price >= 0)) node.fail("price_per_hour", "must not be negative");
    if (static_cast<std::int64_t>(cluster.ranks.size()) + nodes_of_kind * devices > kMostRanks) {
      node.fail("count", "more than 1048576 ranks in all");
    }
    for (std::int64_t i = 0; i < nodes_of_kind; ++i) {
      const int number = static_cast<int>(cluster.price_per_hour.size());
      cluster.price_per_hour.push_back(price);
      cluster.ranks.insert(cluster.ranks.end(), static_cast<std::size_t>(devices), {.node = number, .speed = speed});
    }
  }
  const auto link = table.table_or_empty("link");
  link.allow_only({"latency_us", "bandwidth_gb_per_s"});
  cluster.link = {.latency_ns = 1e3 * positive(link, "latency_us", 20),
                  .bytes_per_ns = positive(link, "bandwidth_gb_per_s", 10)};
  return cluster;
}

Cluster first_ranks(const Cluster& cluster, std::size_t ranks) {
  Cluster part = cluster;
  part.ranks.resize(ranks);
  part.price_per_hour.resize(static_cast<std::size_t>(part.ranks.back().node) + 1);
  return part;
}

}  // namespace diffbench::predict
