#include "results/compare/matching.h"

#include <map>
#include <set>
#include <string>

namespace diffbench::results {
namespace {

using ByText = std::map<std::string, const MeasuredCell*>;

ByText by_key(const MeasuredRun& run) {
  ByText cells;
  for (const auto& cell : run.cells) cells[cell.stored.row.key] = &cell;
  return cells;
}

// several where labels alone differ
std::map<std::string, std::vector<const MeasuredCell*>> by_identity(const MeasuredRun& run) {
  std::map<std::string, std::vector<const MeasuredCell*>> cells;
  for (const auto& cell : run.cells) {
    if (!cell.stored.row.identity.empty()) cells[cell.stored.row.identity].push_back(&cell);
  }
  return cells;
}

const MeasuredCell* find(const ByText& cells, const std::string& key) {
  const auto found = cells.find(key);
  return found == cells.end() ? nullptr : found->second;
}

}  // namespace

std::vector<Match> match_cells(const MeasuredRun& older, const MeasuredRun& newer, bool is_paired) {
  const ByText old_keys = by_key(older);
  const ByText new_keys = by_key(newer);
  const auto identities = by_identity(older);
  std::map<const MeasuredCell*, const MeasuredCell*> partners;  // of the newer run's cells
  std::set<const MeasuredCell*> taken;
  const auto join = [&](const MeasuredCell& cell, const MeasuredCell* partner) {
    if (partner && taken.insert(partner).second) partners[&cell] = partner;
  };
  for (const auto& cell : newer.cells) {  // the same key first, so that equal cells with two labels do not cross
    const MeasuredCell* same_key = find(old_keys, cell.stored.row.key);
    if (same_key && same_key->stored.row.identity == cell.stored.row.identity) join(cell, same_key);
  }
  for (const auto& cell : newer.cells) {
    const auto equal = identities.find(cell.stored.row.identity);
    if (partners.contains(&cell) || equal == identities.end()) continue;
    for (const MeasuredCell* candidate : equal->second) {
      if (!partners.contains(&cell)) join(cell, candidate);
    }
  }
  for (const auto& cell : newer.cells) {
    if (!partners.contains(&cell)) join(cell, find(old_keys, cell.stored.row.key));
  }

  std::vector<Match> matches;
  for (const auto& cell : newer.cells) {
    Match& match = matches.emplace_back();
    match.pair = {
        .newer = &cell, .newer_baseline = find(new_keys, cell.stored.row.baseline_key), .is_paired = is_paired};
    const auto partner = partners.find(&cell);
    if (partner == partners.end()) continue;
    match.pair.older = partner->second;
    match.pair.older_baseline = find(old_keys, partner->second->stored.row.baseline_key);
    match.is_equal = partner->second->stored.row.identity == cell.stored.row.identity;
  }
  for (const auto& cell : older.cells) {
    if (!taken.contains(&cell)) matches.push_back({.pair = {.older = &cell, .is_paired = is_paired}});
  }
  return matches;
}

}  // namespace diffbench::results
