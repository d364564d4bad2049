// Store: profiles. Rows come by the million, so they go through SQLite's C functions: no copy of a text, no exception
// machinery around a bind.
#include <sqlite3.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <utility>

#include "results/sql.h"
#include "results/store.h"

namespace diffbench::results {
namespace {

constexpr std::array<std::string_view, 9> kPhases = {"sampling", "evaluation", "embed",  "block", "probe",
                                                     "compact",  "head",       "solver", "decode"};
constexpr std::array<std::string_view, 7> kKinds = {"kernel",          "copy",    "set", "cpu_operator", "api_call",
                                                    "synchronization", "overhead"};
constexpr std::array<std::string_view, 4> kAttributions = {"external", "graph_node", "time_overlap", "none"};

// A prepared INSERT of `row_count` rows whose values are bound from left to right. Starting and ending a statement
// costs too: 32 rows at a time are 1.3 times as fast as one (results/profile_bench.cpp).
class FastInsert {
 public:
  FastInsert(SQLite::Database& database, std::string_view into, int column_count, int row_count)
      : database_(database), row_count_(row_count) {
    const std::string sql =
        "INSERT INTO " + std::string(into) + " VALUES " + repeat("(" + repeat("?", column_count) + ")", row_count);
    check(sqlite3_prepare_v3(database.getHandle(), sql.c_str(), -1, SQLITE_PREPARE_PERSISTENT, &statement_, nullptr));
  }
  ~FastInsert() { sqlite3_finalize(statement_); }
  FastInsert(const FastInsert&) = delete;  // owns the statement
  FastInsert& operator=(const FastInsert&) = delete;

  FastInsert& integer(std::int64_t value) {
    sqlite3_bind_int64(statement_, ++index_, value);
    return *this;
  }
  FastInsert& number(std::int64_t value) { return value == kNoNumber ? null() : integer(value); }
  FastInsert& real(double value) {
    if (std::isnan(value)) return null();
    sqlite3_bind_double(statement_, ++index_, value);
    return *this;
  }
  FastInsert& word(std::string_view value) {  // must outlive the statement
    sqlite3_bind_text(statement_, ++index_, value.data(), static_cast<int>(value.size()), SQLITE_STATIC);
    return *this;
  }
  void end_row() {
    if (++row_ < row_count_) return;
    const int code = sqlite3_step(statement_);
    row_ = 0;
    index_ = 0;
    check(code == SQLITE_DONE ? sqlite3_reset(statement_) : code);
  }

 private:
  static std::string repeat(const std::string& text, int count) {
    std::string all = text;
    for (int i = 1; i < count; ++i) all += "," + text;
    return all;
  }
  FastInsert& null() {
    sqlite3_bind_null(statement_, ++index_);
    return *this;
  }
  void check(int code) const {
    if (code != SQLITE_OK) throw SQLite::Exception(database_.getHandle(), code);
  }

  SQLite::Database& database_;
  int row_count_;
  sqlite3_stmt* statement_ = nullptr;
  int index_ = 0;
  int row_ = 0;
};

// Writes every element: whole groups by one statement, what is left over row by row.
template <class Range, class Bind>
void insert_all(SQLite::Database& database, std::string_view into, int column_count, const Range& rows, Bind bind) {
  constexpr int kRowsAtATime = 32;
  FastInsert group(database, into, column_count, kRowsAtATime);
  FastInsert single(database, into, column_count, 1);
  const std::size_t grouped = rows.size() - rows.size() % kRowsAtATime;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    FastInsert& insert = i < grouped ? group : single;
    bind(insert, rows[i]);
    insert.end_row();
  }
}

// Positions of `rows` in ascending order of `key`: then every row goes to the end of its table and indexes.
template <class Row, class Key>
std::vector<std::uint32_t> order_by(const std::vector<Row>& rows, Key key) {
  std::vector<std::uint32_t> order(rows.size());
  std::iota(order.begin(), order.end(), 0U);
  const auto less = [&](std::uint32_t a, std::uint32_t b) { return key(rows[a]) < key(rows[b]); };
  if (!std::is_sorted(order.begin(), order.end(), less)) std::stable_sort(order.begin(), order.end(), less);
  return order;
}

std::int64_t largest_id(SQLite::Database& database, const char* table) {
  return database.execAndGet(std::string("SELECT ifnull(max(id), 0) FROM ") + table).getInt64();
}

// The ids of the file's strings, in the order of `strings`.
std::vector<std::int64_t> intern(SQLite::Database& database, const std::vector<std::string>& strings) {
  SQLite::Statement add(database, "INSERT INTO string (value) VALUES (?) ON CONFLICT (value) DO NOTHING");
  SQLite::Statement find(database, "SELECT id FROM string WHERE value = ?");
  std::vector<std::int64_t> ids;
  ids.reserve(strings.size());
  for (const std::string& value : strings) {
    execute(add, value);
    bind_all(find, value);
    find.executeStep();
    ids.push_back(find.getColumn(0).getInt64());
  }
  return ids;
}

class ProfileWriter {
 public:
  ProfileWriter(const std::string& name, SQLite::Database& database, std::int64_t run_id, const ProfileRow& profile)
      : name_(name),
        database_(database),
        run_id_(run_id),
        profile_(profile),
        strings_(intern(database, profile.strings)) {}

  void write() {
    scope_base_ = largest_id(database_, "scope");
    write_scopes();
    write_activities();
  }

 private:
  void write_scopes() {
    const auto order = order_by(profile_.scopes, [](const ScopeRow& row) { return row.id; });
    constexpr auto kInto =
        "scope (id, run, rank, thread, parent, cell, name, phase, step, evaluation, t, block, rows, rows_inside, "
        "begin_ns, end_ns)";
    insert_all(database_, kInto, 16, order, [&](FastInsert& insert, std::uint32_t position) {
      const ScopeRow& row = profile_.scopes[position];
      if (row.id < 1) refuse("a scope's id " + std::to_string(row.id) + " is not positive");
      if (row.parent != kNoNumber && !known_.contains(row.parent)) {
        refuse("scope " + std::to_string(row.id) + ": no parent " + std::to_string(row.parent) + " before it");
      }
      known_.insert(row.id);
      insert.integer(scope_base_ + row.id).integer(run_id_).integer(profile_.rank).integer(row.thread);
      insert.number(row.parent == kNoNumber ? kNoNumber : scope_base_ + row.parent).number(row.cell);
      insert.integer(string_id(row.name)).word(to_string(row.phase)).number(row.step).number(row.evaluation);
      insert.real(row.t).number(row.block).number(row.rows).number(row.rows_inside);
      insert.integer(row.begin_ns).integer(row.end_ns);
    });
  }

  void write_activities() {
    const auto order =
        order_by(profile_.activities, [](const ActivityRow& row) { return std::pair(row.begin_ns, -row.end_ns); });
    constexpr auto kInto =
        "activity (run, rank, kind, name, scope, attribution, device, stream, thread, correlation_id, graph_node, "
        "begin_ns, end_ns, size_bytes, shapes, flops, moved_bytes)";
    insert_all(database_, kInto, 17, order, [&](FastInsert& insert, std::uint32_t position) {
      const ActivityRow& row = profile_.activities[position];
      if (row.scope != kNoNumber && !known_.contains(row.scope)) {
        refuse("an activity names scope " + std::to_string(row.scope) + ", which is not there");
      }
      insert.integer(run_id_).integer(profile_.rank).word(to_string(row.kind)).integer(string_id(row.name));
      insert.number(row.scope == kNoNumber ? kNoNumber : scope_base_ + row.scope).word(to_string(row.attribution));
      insert.integer(row.device).integer(row.stream).number(row.thread).number(row.correlation_id);
      insert.number(row.graph_node).integer(row.begin_ns).integer(row.end_ns).number(row.size_bytes);
      insert.number(row.shapes == kNoNumber ? kNoNumber : string_id(row.shapes)).real(row.flops).real(row.moved_bytes);
    });
  }

  std::int64_t string_id(std::int64_t index) const {
    if (index < 0 || index >= static_cast<std::int64_t>(strings_.size())) {
      refuse("string " + std::to_string(index) + " of " + std::to_string(strings_.size()));
    }
    return strings_[static_cast<std::size_t>(index)];
  }
  [[noreturn]] void refuse(const std::string& what) const {
    throw DatabaseError(name_ + ": profile of rank " + std::to_string(profile_.rank) + ": " + what);
  }

  // Scopes seen so far. Ids count up from 1 on every rank, so a bit each is the cheap set.
  struct IdSet {
    std::vector<bool> bits{};
    void insert(std::int64_t id) {
      const auto at = static_cast<std::size_t>(id);
      if (at >= bits.size()) bits.resize(std::max(at + 1, 2 * bits.size()));
      bits[at] = true;
    }
    bool contains(std::int64_t id) const {
      return id >= 0 && static_cast<std::size_t>(id) < bits.size() && bits[static_cast<std::size_t>(id)];
    }
  };

  const std::string& name_;
  SQLite::Database& database_;
  std::int64_t run_id_;
  const ProfileRow& profile_;
  std::vector<std::int64_t> strings_;
  std::int64_t scope_base_ = 0;
  IdSet known_;
};

}  // namespace

std::string_view to_string(ScopePhase phase) { return kPhases.at(static_cast<std::size_t>(phase)); }
std::string_view to_string(ActivityKind kind) { return kKinds.at(static_cast<std::size_t>(kind)); }
std::string_view to_string(Attribution attribution) { return kAttributions.at(static_cast<std::size_t>(attribution)); }

void Store::put_profile(std::int64_t run_id, const ProfileRow& profile) {
  guarded(name_, [&] {
    Savepoint savepoint(*database_);
    SQLite::Statement old(*database_, "DELETE FROM profile WHERE run = ? AND rank = ?");  // its rows go with it
    execute(old, run_id, profile.rank);
    insert(
        *database_,
        "INSERT INTO profile (run, rank, process_id, source, source_reason, device_name, with_shapes, dropped_count, "
        "realtime_ns, monotonic_ns) VALUES (?, ?, ?, ?, nullif(?, ''), ?, ?, ?, ?, ?)",
        run_id, profile.rank, profile.process_id, profile.source, profile.source_reason, profile.device_name,
        profile.with_shapes, profile.dropped_count, profile.realtime_ns, profile.monotonic_ns);
    ProfileWriter(name_, *database_, run_id, profile).write();
    savepoint.release();
  });
}

void Store::add_to_profile(std::int64_t run_id, const ProfileRow& profile) {
  guarded(name_, [&] {
    Savepoint savepoint(*database_);
    SQLite::Statement more(*database_,
                           "UPDATE profile SET dropped_count = dropped_count + ? WHERE run = ? AND rank = ? AND source "
                           "= ? AND with_shapes = ?");
    if (execute(more, profile.dropped_count, run_id, profile.rank, profile.source, profile.with_shapes) != 1) {
      throw DatabaseError(name_ + ": no profile of run " + std::to_string(run_id) + ", rank " +
                          std::to_string(profile.rank) + " from source " + profile.source + " to add to");
    }
    ProfileWriter(name_, *database_, run_id, profile).write();
    savepoint.release();
  });
}

std::vector<int> Store::profiled_ranks(std::int64_t run_id) const {
  return guarded(name_, [&] {
    SQLite::Statement statement(*database_, "SELECT rank FROM profile WHERE run = ? ORDER BY rank");
    std::vector<int> ranks;
    for (bind_all(statement, run_id); statement.executeStep();) ranks.push_back(statement.getColumn(0).getInt());
    return ranks;
  });
}

std::optional<std::int64_t> Store::latest_profiled_run() const {
  return guarded(name_, [&]() -> std::optional<std::int64_t> {
    SQLite::Statement statement(*database_, "SELECT run FROM profile ORDER BY run DESC LIMIT 1");
    if (!statement.executeStep()) return std::nullopt;
    return statement.getColumn(0).getInt64();
  });
}

void Store::put_ceilings(std::int64_t run_id, std::span<const CeilingRow> rows) {
  guarded(name_, [&] {
    Savepoint savepoint(*database_);
    SQLite::Statement statement(*database_, "INSERT OR REPLACE INTO ceiling VALUES (?, ?, ?, ?, ?)");
    for (const CeilingRow& row : rows) execute(statement, run_id, row.rank, row.quantity, row.precision, row.value);
    savepoint.release();
  });
}

void Store::put_profile_overheads(std::int64_t cell, std::span<const ProfileOverheadRow> rows) {
  guarded(name_, [&] {
    Savepoint savepoint(*database_);
    SQLite::Statement old(*database_, "DELETE FROM profile_overhead WHERE cell = ?");
    execute(old, cell);
    SQLite::Statement statement(*database_, "INSERT INTO profile_overhead VALUES (?, ?, ?, ?, ?)");
    for (const ProfileOverheadRow& row : rows) {
      execute(statement, cell, row.mode, row.round, row.rank, row.duration_ns);
    }
    savepoint.release();
  });
}

void Store::put_telemetry(std::int64_t run_id, std::span<const TelemetryRow> rows) {
  guarded(name_, [&] {
    Savepoint savepoint(*database_);
    SQLite::Statement old(*database_, "DELETE FROM telemetry WHERE machine IN (SELECT id FROM machine WHERE run = ?)");
    execute(old, run_id);
    SQLite::Statement statement(*database_,
                                "INSERT INTO telemetry VALUES ((SELECT id FROM machine WHERE run = ? AND host = ?), ?, "
                                "?, ?, ?, ?, ?, ?, ?, ?)");
    for (const TelemetryRow& row : rows) {
      execute(statement, run_id, row.host, row.device, row.sampled_ns, row.clock_hz, row.memory_clock_hz, row.power_w,
              row.energy_j, row.temperature_c, row.memory_bytes, row.throttle_bits);
    }
    savepoint.release();
  });
}

}  // namespace diffbench::results
