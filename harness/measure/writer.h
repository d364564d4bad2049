#pragma once
// The results file of a run as every rank sees it: rank 0 writes and reads, the others take part.
//
//   Writer writer(world);
//   writer.open("results.db");
//   writer.write([&](results::Store& store) { store.add_timings(rows); });            // one transaction
//   const auto done = writer.read([&](const results::Store& store) { return nlohmann::json(store.completed_rounds(7));
//   });
//
// Both are collectives: the work runs on rank 0 alone, and where it throws, every rank throws the same. What the file
// does not take (a full disk, another program that holds it) is no error of ours: config::InputError.

#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>

#include "harness/ranks/communicator.h"
#include "results/store.h"

namespace diffbench::measure {

class Writer {
 public:
  explicit Writer(const ranks::Communicator& world) : world_(world) {}

  // A mistake about the file is the user's: config::InputError on every rank.
  void open(const std::filesystem::path& file);
  void write(const std::function<void(results::Store&)>& work);
  // On rank 0 alone, in one transaction: what may happen while other ranks work.
  void write_here(const std::function<void(results::Store&)>& work);
  // The same without a transaction around it, for work that makes its own.
  void with_store(const std::function<void(results::Store&)>& work);
  // what rank 0 found in the file, on every rank
  nlohmann::json read(const std::function<nlohmann::json(const results::Store&)>& work) const;

  // on rank 0, once open; nullptr elsewhere
  results::Store* store() { return store_ ? &*store_ : nullptr; }

 private:
  const ranks::Communicator& world_;
  std::optional<results::Store> store_;  // on rank 0
};

}  // namespace diffbench::measure
