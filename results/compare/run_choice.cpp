#include "results/compare/run_choice.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <optional>

#include "results/sql.h"
#include "results/statistics.h"

namespace diffbench::results {
namespace {

std::optional<std::int64_t> run_of_commit(const Store& store, const std::string& sha) {
  const bool is_hash = !sha.empty() && sha.find_first_not_of("0123456789abcdef") == std::string::npos;
  if (!is_hash) throw DatabaseError(store.name() + "@git:" + sha + ": expected the hexadecimal start of a commit");
  SQLite::Statement row(store.database(), "SELECT id FROM run WHERE git_sha GLOB ? || '*' ORDER BY id DESC LIMIT 1");
  bind_all(row, sha);
  return row.executeStep() ? std::optional(row.getColumn(0).getInt64()) : std::nullopt;
}

std::int64_t find_run(const Store& store, const std::string& word) {
  std::optional<std::int64_t> found;
  if (word.empty() || word == "latest") {
    found = store.latest_run();
    if (!found) throw DatabaseError(store.name() + ": holds no run");
  } else if (word.starts_with("git:")) {
    found = run_of_commit(store, word.substr(4));
    if (!found) throw DatabaseError(store.name() + ": holds no run of commit " + word.substr(4));
  } else {
    std::int64_t number = 0;
    const auto end = std::from_chars(word.data(), word.data() + word.size(), number);
    if (end.ec != std::errc() || end.ptr != word.data() + word.size()) {
      throw DatabaseError(store.name() + "@" + word + ": expected the number of a run, latest, or git:COMMIT");
    }
    store.run(number);  // refuses a run that is not there
    found = number;
  }
  return *found;
}

// How slow a run was: over the cells that both have, the median of the logarithm of its time over the other run's.
std::optional<double> slowness(const MeasuredRun& run, const MeasuredRun& other) {
  std::map<std::string, double> times;
  for (const auto& cell : other.cells) {
    const auto found = cell.estimates.find("latency");
    if (found != cell.estimates.end()) times[cell.stored.row.identity] = found->second.value;
  }
  std::vector<double> ratios;
  for (const auto& cell : run.cells) {
    const auto mine = cell.estimates.find("latency");
    const auto theirs = times.find(cell.stored.row.identity);
    if (mine != cell.estimates.end() && theirs != times.end()) {
      ratios.push_back(std::log(mine->second.value / theirs->second));
    }
  }
  return ratios.empty() ? std::nullopt : std::optional(median(ratios));
}

}  // namespace

RunChoice choose_run(const std::string& words) {
  std::error_code none;
  const auto at = words.rfind('@');
  const bool is_split = at != std::string::npos && !std::filesystem::exists(words, none);
  Store store = Store::open_read_only(is_split ? words.substr(0, at) : words);
  const std::int64_t run = guarded(store.name(), [&] { return find_run(store, is_split ? words.substr(at + 1) : ""); });
  return {.store = std::move(store), .run = run};
}

MeasuredRun median_of_last(const std::string& file, int count, const MeasuredRun& run) {
  const Store store = Store::open_read_only(file);
  std::vector<std::int64_t> ids;
  guarded(file, [&] {
    SQLite::Statement row(
        store.database(),
        "SELECT id FROM run WHERE suite_name = ? AND status <> 'running' AND uid <> ? AND started_utc "
        "<= ? ORDER BY started_utc DESC, id DESC");
    for (bind_all(row, run.row.suite_name, run.uid, run.row.started_utc); row.executeStep();) {
      ids.push_back(row.getColumn(0).getInt64());
    }
  });
  std::vector<std::pair<double, MeasuredRun>> last;
  for (auto id = ids.begin(); id != ids.end() && static_cast<int>(last.size()) < count; ++id) {
    MeasuredRun candidate = read_run(store, *id);
    if (machine_fingerprint(candidate) != machine_fingerprint(run)) continue;
    if (const auto slow = slowness(candidate, run)) last.emplace_back(*slow, std::move(candidate));
  }
  if (last.empty()) {
    throw DatabaseError(file + ": holds no earlier run of suite " + run.row.suite_name + " on this kind of machine (" +
                        machine_fingerprint(run) + ")");
  }
  std::sort(last.begin(), last.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  return std::move(last[(last.size() - 1) / 2].second);
}

}  // namespace diffbench::results
