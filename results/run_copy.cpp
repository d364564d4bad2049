#include "results/run_copy.h"

#include <algorithm>

#include "results/sql.h"

namespace diffbench::results {
namespace {

// What the largest table leaves to triggers (schema.sql says why).
const std::map<std::string, std::map<std::string, std::string>> kUndeclared = {
    {"activity", {{"run", "run"}, {"scope", "scope"}, {"name", "string"}, {"shapes", "string"}}}};

// Not part of any run: the program's own table of metrics, strings that all runs share, and pairs of runs.
bool is_shared(const std::string& table) { return table == "metric" || table == "string" || table == "pairing"; }

std::vector<std::string> texts(SQLite::Database& database, const std::string& sql) {
  SQLite::Statement row(database, sql);
  std::vector<std::string> list;
  while (row.executeStep()) list.push_back(row.getColumn(0).getString());
  return list;
}

}  // namespace

RunCopy::RunCopy(SQLite::Database& database) : database_(database) {
  const auto names =
      texts(database_,
            "SELECT name FROM main.sqlite_schema WHERE type = 'table' AND name NOT GLOB 'sqlite_*' ORDER BY rowid");
  for (const std::string& name : names) {
    if (is_shared(name)) continue;
    Table table{.name = name, .columns = texts(database_, "SELECT name FROM pragma_table_info('" + name + "')")};
    SQLite::Statement key(database_, "SELECT \"from\", \"table\" FROM pragma_foreign_key_list('" + name + "')");
    while (key.executeStep()) refer(table, key.getColumn(0).getString(), key.getColumn(1).getString());
    if (const auto more = kUndeclared.find(name); more != kUndeclared.end()) {
      table.references.insert(more->second.begin(), more->second.end());
    }
    if (std::find(table.columns.begin(), table.columns.end(), "id") != table.columns.end())
      table.references["id"] = name;
    tables_.push_back(std::move(table));
  }
  database_.exec("CREATE TEMP TABLE IF NOT EXISTS string_place (old INTEGER PRIMARY KEY, new INTEGER NOT NULL)");
  database_.exec("CREATE TEMP TABLE IF NOT EXISTS shift (name TEXT PRIMARY KEY, value INTEGER NOT NULL)");
}

// A table without ids of its own passes on what its column of that name refers to: exit_count.cell, by way of
// evaluation.
void RunCopy::refer(Table& table, const std::string& column, const std::string& target) const {
  if (target == "metric") return;
  if (target == "string" || target == table.name || find(target).references.contains("id")) {
    table.references[column] = target;
  } else if (const auto further = find(target).references.find(column); further != find(target).references.end()) {
    table.references[column] = further->second;
  }
}

const RunCopy::Table& RunCopy::find(const std::string& name) const {
  return *std::find_if(tables_.begin(), tables_.end(), [&](const Table& table) { return table.name == name; });
}

// The condition for the source's rows that belong to run ?1.
std::string RunCopy::rows_of_run(const Table& table) const {
  if (table.name == "run") return "id = ?1";
  const auto has = [&](const char* column) {
    return std::find(table.columns.begin(), table.columns.end(), column) != table.columns.end();
  };
  if (has("run")) return "run = ?1";
  for (const char* owner : {"cell", "machine"}) {
    if (has(owner)) return std::string(owner) + " IN (SELECT id FROM source." + owner + " WHERE run = ?1)";
  }
  throw DatabaseError("table " + table.name + " belongs to no run");  // a table of ours that merging cannot place
}

std::int64_t RunCopy::copy(std::int64_t run_id) const {
  // ids move by one distance per table, so that their order stays
  for (const Table& table : tables_) {
    if (!table.references.contains("id")) continue;
    SQLite::Statement shift(database_, "INSERT OR REPLACE INTO temp.shift SELECT '" + table.name +
                                           "', (SELECT ifnull(max(id), 0) + 1 FROM main." + table.name +
                                           ") - ifnull(min(id), 0) FROM source." + table.name + " WHERE " +
                                           rows_of_run(table));
    execute(shift, run_id);
  }
  database_.exec("DELETE FROM temp.string_place");
  for (const Table& table : tables_) {
    for (const auto& [column, target] : table.references) {
      if (target != "string") continue;
      const std::string used =
          "SELECT DISTINCT " + column + " FROM source." + table.name + " WHERE " + rows_of_run(table);
      SQLite::Statement add(database_,
                            "INSERT OR IGNORE INTO main.string (value) SELECT value FROM source.string WHERE id "
                            "IN (" +
                                used + ")");
      execute(add, run_id);
      SQLite::Statement place(database_,
                              "INSERT OR IGNORE INTO temp.string_place SELECT theirs.id, ours.id FROM source.string AS "
                              "theirs JOIN main.string AS ours USING (value) WHERE theirs.id IN (" +
                                  used + ")");
      execute(place, run_id);
    }
  }
  std::int64_t id = 0;
  for (const Table& table : tables_) {
    std::string names;
    std::string values;
    for (const std::string& column : table.columns) {
      const auto reference = table.references.find(column);
      std::string value = column;
      if (reference != table.references.end() && reference->second == "string") {
        value = "(SELECT new FROM temp.string_place WHERE old = row." + column + ")";
      } else if (reference != table.references.end()) {
        value = column + " + (SELECT value FROM temp.shift WHERE name = '" + reference->second + "')";
      }
      names += (names.empty() ? "" : ", ") + column;
      values += (values.empty() ? "" : ", ") + value;
    }
    SQLite::Statement insert_rows(database_, "INSERT INTO main." + table.name + " (" + names + ") SELECT " + values +
                                                 " FROM source." + table.name + " AS row WHERE " + rows_of_run(table));
    execute(insert_rows, run_id);
    if (table.name == "run") id = database_.getLastInsertRowid();
  }
  return id;
}

}  // namespace diffbench::results
