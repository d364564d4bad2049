#include "results/compare/differences.h"

#include <array>
#include <set>

namespace diffbench::results {
namespace {

struct Column {
  const char* group;
  const char* name;
  std::string (*text)(const CellRow&);
};

constexpr std::array kColumns = {
    Column{"cell", "method", [](const CellRow& c) { return c.method; }},
    Column{"cell", "method_params", [](const CellRow& c) { return c.method_params; }},
    Column{"cell", "solver", [](const CellRow& c) { return c.solver; }},
    Column{"cell", "solver_params", [](const CellRow& c) { return c.solver_params; }},
    Column{"cell", "grid", [](const CellRow& c) { return c.grid; }},
    Column{"cell", "steps", [](const CellRow& c) { return std::to_string(c.steps); }},
    Column{"cell", "batch", [](const CellRow& c) { return std::to_string(c.batch); }},
    Column{"cell", "precision", [](const CellRow& c) { return c.precision; }},
    Column{"cell", "runtime", [](const CellRow& c) { return c.runtime; }},
    Column{"cell", "scenario", [](const CellRow& c) { return c.scenario; }},
    Column{"cell", "guidance", [](const CellRow& c) { return std::to_string(c.guidance); }},
    Column{"cell", "guidance_interval", [](const CellRow& c) { return c.guidance_interval.value_or("everywhere"); }},
    Column{"cell", "guidance_exits", [](const CellRow& c) { return c.guidance_exits; }},
    Column{"layout", "device", [](const CellRow& c) { return c.device; }},
    Column{"layout", "ranks", [](const CellRow& c) { return std::to_string(c.ranks); }},
    Column{"layout", "threads", [](const CellRow& c) { return std::to_string(c.threads); }},
};

std::string abbreviated(const std::string& hashes) {
  constexpr std::size_t kShort = 12;
  return hashes.size() > kShort ? hashes.substr(0, kShort) + "..." : hashes;
}

}  // namespace

std::string in_words(const Difference& difference) {
  const auto said = [](const std::string& value) { return value.empty() ? std::string("nothing") : value; };
  return difference.entry + " is " + said(difference.newer) + " instead of " + said(difference.older);
}

std::vector<Difference> run_differences(const MeasuredRun& older, const MeasuredRun& newer) {
  std::vector<Difference> differences;
  for (const auto& [group, entries] : older.circumstances) {
    const auto& others = newer.circumstances.at(group);
    for (const auto& [entry, value] : entries) {
      if (others.at(entry) != value) differences.push_back({group, entry, value, others.at(entry)});
    }
  }
  return differences;
}

std::optional<Difference> cell_difference(const MeasuredCell& older, const MeasuredCell& newer) {
  const CellRow& before = older.stored.row;
  const CellRow& after = newer.stored.row;
  if (before.identity == after.identity) return std::nullopt;
  for (const auto& column : kColumns) {
    const std::string was = column.text(before);
    const std::string is = column.text(after);
    if (was != is) return Difference{column.group, column.name, was, is};
  }
  std::set<std::string> roles;
  for (const auto& [role, hashes] : older.files) roles.insert(role);
  for (const auto& [role, hashes] : newer.files) roles.insert(role);
  for (const std::string& role : roles) {
    const auto hashes = [&](const MeasuredCell& cell) {
      const auto found = cell.files.find(role);
      return found == cell.files.end() ? std::string() : found->second;
    };
    if (hashes(older) != hashes(newer)) {
      return Difference{"weights", "file " + role, abbreviated(hashes(older)), abbreviated(hashes(newer))};
    }
  }
  return Difference{"cell", "identity", abbreviated(before.identity), abbreviated(after.identity)};
}

std::optional<Difference> quality_difference(const MeasuredQuality& older, const MeasuredQuality& newer) {
  if (older.row.n != newer.row.n) {
    return Difference{"quality", "N", std::to_string(older.row.n), std::to_string(newer.row.n)};
  }
  const auto differs = [&](const char* entry, std::string MeasuredQuality::*member) -> std::optional<Difference> {
    if (older.*member == newer.*member) return std::nullopt;
    return Difference{"quality", entry, abbreviated(older.*member), abbreviated(newer.*member)};
  };
  for (const auto& [entry, member] :
       {std::pair{"extractor", &MeasuredQuality::extractor_sha}, std::pair{"input mode", &MeasuredQuality::mode},
        std::pair{"to_uint8", &MeasuredQuality::to_uint8}, std::pair{"reference", &MeasuredQuality::reference_sha}}) {
    if (const auto difference = differs(entry, member)) return difference;
  }
  return std::nullopt;
}

}  // namespace diffbench::results
