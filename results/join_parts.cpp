#include "results/join_parts.h"

#include <algorithm>
#include <set>

#include "results/sql.h"

namespace diffbench::results {
namespace {

using Facts = std::map<std::string, std::string>;

// A run with some parts of one that was made in several.
struct Fragment {
  std::int64_t run = 0;
  std::string uid{};
  std::string suite_name{};
  std::string suite_sha{};
  bool is_finished = false;
  int part_count = 0;
  std::map<int, std::string> uid_of_part{};

  bool is_whole() const { return static_cast<int>(uid_of_part.size()) == part_count; }
  bool holds(const Fragment& other) const {
    return std::all_of(other.uid_of_part.begin(), other.uid_of_part.end(), [&](const auto& part) {
      const auto found = uid_of_part.find(part.first);
      return found != uid_of_part.end() && found->second == part.second;
    });
  }
  std::string words() const {
    std::string list;
    for (const auto& [part, of_run] : uid_of_part) list += (list.empty() ? "" : ", ") + std::to_string(part);
    return "part " + list + " of " + std::to_string(part_count);
  }
};

std::vector<Fragment> fragments_of(SQLite::Database& database) {
  std::map<std::int64_t, Fragment> by_run;
  SQLite::Statement row(
      database,
      "SELECT run.id, run.uid, suite_name, suite_sha, status <> 'running', part_count, part, part.uid "
      "FROM run JOIN part ON part.run = run.id");
  while (row.executeStep()) {
    auto& fragment = by_run[row.getColumn(0).getInt64()];
    fragment.run = row.getColumn(0).getInt64();
    fragment.uid = row.getColumn(1).getString();
    fragment.suite_name = row.getColumn(2).getString();
    fragment.suite_sha = row.getColumn(3).getString();
    fragment.is_finished = row.getColumn(4).getInt() != 0;
    fragment.part_count = row.getColumn(5).getInt();
    fragment.uid_of_part[row.getColumn(6).getInt()] = row.getColumn(7).getString();
  }
  std::vector<Fragment> list;
  for (auto& [run, fragment] : by_run) list.push_back(std::move(fragment));
  return list;
}

// Every row of the query under "<its first column>: <name of the column>".
void add_facts(Facts& facts, SQLite::Database& database, const char* sql, std::int64_t run) {
  SQLite::Statement row(database, sql);
  bind_all(row, run);
  while (row.executeStep()) {
    for (int column = 1; column < row.getColumnCount(); ++column) {
      facts[row.getColumn(0).getString() + ": " + row.getColumnName(column)] = row.getColumn(column).getString();
    }
  }
}

// All that decides a sample and what is said of it; equal in parts of one run. How fast a machine is, is not in it.
Facts facts_of(SQLite::Database& database, std::int64_t run) {
  Facts facts;
  add_facts(facts, database, "SELECT 'the run', seed, program_version, git_sha, git_dirty FROM run WHERE id = ?", run);
  add_facts(
      facts, database,
      "SELECT key, model_fingerprint, method, method_params, solver, solver_params, grid, steps, precision, runtime, "
      "device, guidance, guidance_interval, guidance_exits FROM cell WHERE run = ?",
      run);
  add_facts(facts, database,
            "SELECT cell.key, owner.key AS judged_as, cell.class_count FROM cell JOIN cell AS owner ON owner.id = "
            "cell.judged_as WHERE "
            "cell.run = ?",
            run);
  add_facts(
      facts, database,
      "SELECT key || ': ' || artifact.role || ' ' || row_number() OVER (PARTITION BY key, artifact.role ORDER BY "
      "sha256), sha256 FROM artifact JOIN cell ON cell.id = artifact.cell WHERE run = ? AND artifact.role <> 'plugin'",
      run);
  add_facts(
      facts, database,
      "SELECT 'network ' || name || ' ' || place, mode, to_uint8, sha256, reference_sha FROM extractor WHERE run = ?",
      run);
  return facts;
}

std::string said(const Facts& facts, const std::string& name) {
  const auto found = facts.find(name);
  return found == facts.end() ? "not there" : found->second.empty() ? "empty" : found->second;
}

class Joiner {
 public:
  Joiner(Store& store, const std::map<std::string, std::string>& file_of)
      : store_(store), database_(store.database()), file_of_(file_of) {}

  Joining join() {
    Joining joining;
    Transaction transaction(store_);
    auto fragments = fragments_of(database_);
    joining.repeated = drop_repeated(fragments);
    std::map<std::pair<std::string, int>, std::vector<Fragment>> sets;
    for (auto& fragment : fragments) {
      if (!fragment.is_whole()) sets[{fragment.suite_sha, fragment.part_count}].push_back(std::move(fragment));
    }
    for (auto& [what, set] : sets) joining.joined.push_back(join_set(std::move(set)));
    std::sort(joining.joined.begin(), joining.joined.end(), [](const auto& a, const auto& b) { return a.run < b.run; });
    joining.runs = database_.execAndGet("SELECT count(*) FROM run").getInt64();
    transaction.commit();
    return joining;
  }

 private:
  std::int64_t drop_repeated(std::vector<Fragment>& fragments) {
    const auto all = fragments;
    std::erase_if(fragments, [&](const Fragment& one) {
      const bool is_held = std::any_of(all.begin(), all.end(), [&](const Fragment& other) {
        return other.uid_of_part.size() > one.uid_of_part.size() && other.holds(one);
      });
      if (is_held) drop(one.run);
      return is_held;
    });
    return static_cast<std::int64_t>(all.size() - fragments.size());
  }

  JoinedRun join_set(std::vector<Fragment> set) {
    std::sort(set.begin(), set.end(), [](const Fragment& a, const Fragment& b) {
      return a.uid_of_part.begin()->first < b.uid_of_part.begin()->first;
    });
    Fragment& base = set.front();
    refuse_unfinished(base);
    const Facts facts = facts_of(database_, base.run);
    for (size_t i = 1; i < set.size(); ++i) {
      refuse_unfinished(set[i]);
      refuse_differences(base, facts, set[i]);
      take(base, set[i]);
    }
    JoinedRun joined{.run = base.run, .suite_name = base.suite_name, .part_count = base.part_count};
    for (int part = 1; part <= base.part_count; ++part) {
      if (!base.uid_of_part.contains(part)) joined.missing.push_back(part);
    }
    if (set.size() > 1) rename(base);
    return joined;
  }

  std::string file_of(const std::string& uid) const {
    const auto found = file_of_.find(uid);
    return found == file_of_.end() ? store_.name() : found->second;
  }
  std::string place(const Fragment& fragment) const { return file_of(fragment.uid) + ": " + fragment.words(); }

  void refuse_unfinished(const Fragment& fragment) const {
    if (fragment.is_finished) return;
    throw DatabaseError(place(fragment) + " of suite " + fragment.suite_name +
                        " has not finished: diffbench run --part --resume goes on with it");
  }

  void refuse_differences(const Fragment& base, const Facts& facts, const Fragment& other) const {
    for (const auto& [part, uid] : other.uid_of_part) {
      const auto there = base.uid_of_part.find(part);
      if (there != base.uid_of_part.end() && there->second != uid) {
        throw DatabaseError(place(other) + " of suite " + base.suite_name +
                            " is there already, made at another time: " + file_of(there->second) +
                            "; merge the parts of one execution first");
      }
    }
    const Facts theirs = facts_of(database_, other.run);
    std::set<std::string> names;
    for (const auto& [name, value] : facts) names.insert(name);
    for (const auto& [name, value] : theirs) names.insert(name);
    for (const auto& name : names) {
      const bool is_of_judging = name.ends_with(": judged_as") || name.ends_with(": class_count");
      if (is_of_judging && !(facts.contains(name) && theirs.contains(name)))
        continue;  // it failed before, in one of them
      if (said(facts, name) == said(theirs, name)) continue;
      throw DatabaseError(place(other) + ": belongs to another run than " + place(base) + ": " + name + " is " +
                          said(theirs, name) + " instead of " + said(facts, name));
    }
  }

  void take(Fragment& base, const Fragment& other) {
    for (const char* table : {"feature_shard", "image_shard", "sample"}) {
      SQLite::Statement move(
          database_, std::string("UPDATE OR IGNORE ") + table +
                         " SET cell = (SELECT ours.id FROM cell AS theirs JOIN cell AS ours USING (key) WHERE "
                         "ours.run = ?1 AND theirs.id = cell) WHERE cell IN (SELECT id FROM cell WHERE run = ?2)");
      execute(move, base.run, other.run);
    }
    if (!shares_a_part(base, other)) add_work(base.run, other.run);
    // what failed anywhere has failed; the reason says where
    SQLite::Statement status(
        database_,
        "UPDATE cell SET (status, reason) = (SELECT status, ?3 || ': ' || reason FROM cell AS theirs "
        "WHERE theirs.run = ?2 AND theirs.key = cell.key) WHERE run = ?1 AND status = 'ok' AND key IN "
        "(SELECT key FROM cell WHERE run = ?2 AND status IN ('failed', 'skipped'))");
    execute(status, base.run, other.run, std::string_view(other.words()));
    SQLite::Statement times(
        database_,
        "UPDATE run SET finished_utc = max(finished_utc, (SELECT finished_utc FROM run WHERE id = ?2)), "
        "status = iif(EXISTS (SELECT 1 FROM cell WHERE run = ?1 AND status = 'failed'), 'failed', status) "
        "WHERE id = ?1");
    execute(times, base.run, other.run);
    SQLite::Statement part(database_, "UPDATE OR IGNORE part SET run = ?1 WHERE run = ?2");
    execute(part, base.run, other.run);
    drop(other.run);
    base.uid_of_part.insert(other.uid_of_part.begin(), other.uid_of_part.end());
  }

  static bool shares_a_part(const Fragment& one, const Fragment& other) {
    return std::any_of(other.uid_of_part.begin(), other.uid_of_part.end(),
                       [&](const auto& part) { return one.uid_of_part.contains(part.first); });
  }

  void add_work(std::int64_t ours, std::int64_t theirs) {
    std::map<std::string, std::int64_t> cell_of_key;
    for (const auto& cell : store_.cells(ours)) cell_of_key[cell.row.key] = cell.id;
    for (const auto& cell : store_.cells(theirs)) {
      auto rows = store_.sampling_work(cell.id);
      for (auto& row : rows) row.cell = cell_of_key.at(cell.row.key);
      store_.add_to_sampling_work(rows);
    }
  }

  // The same whatever was joined first: of the lowest part, and which there are.
  void rename(const Fragment& base) {
    std::string uid = base.uid_of_part.begin()->second + "+";
    for (const auto& [part, of_run] : base.uid_of_part) uid += (uid.back() == '+' ? "" : ".") + std::to_string(part);
    SQLite::Statement name(database_, "UPDATE run SET uid = ? WHERE id = ?");
    execute(name, std::string_view(uid), base.run);
  }

  void drop(std::int64_t run) {
    SQLite::Statement gone(database_, "DELETE FROM run WHERE id = ?");
    execute(gone, run);
  }

  Store& store_;
  SQLite::Database& database_;
  const std::map<std::string, std::string>& file_of_;
};

}  // namespace

Joining join_parts(Store& store, const std::map<std::string, std::string>& file_of) {
  return guarded(store.name(), [&] { return Joiner(store, file_of).join(); });
}

}  // namespace diffbench::results
