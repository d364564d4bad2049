#pragma once
// A cluster that is not there: what cluster.toml says of it.
//
//   name = "eight boxes"
//   currency = "EUR"
//   [[node]]                      # more than one kind: more than one table
//   count = 8
//   devices = 4                   # ranks of a node
//   speed = 1.0                   # of one, against the one that was measured
//   price_per_hour = 12.0         # of a node; 0 where left out
//   [link]                        # of any rank to rank 0
//   latency_us = 20
//   bandwidth_gb_per_s = 10
//
//   const Cluster cluster = read_cluster("cluster.toml");
//   cluster.ranks.size()          // 32

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace diffbench::predict {

struct Rank {
  int node = 0;
  double speed = 1.0;
};

struct Link {
  double latency_ns = 20'000;
  double bytes_per_ns = 10;
};

struct Cluster {
  std::string name{};
  std::string currency{};
  std::vector<Rank> ranks{};             // node by node, in the file's order
  std::vector<double> price_per_hour{};  // by node
  Link link{};
};

// config::InputError with file, line and key
Cluster read_cluster(const std::filesystem::path& file);

// its first `ranks` ranks, on as many nodes as they need
Cluster first_ranks(const Cluster& cluster, std::size_t ranks);

}  // namespace diffbench::predict
