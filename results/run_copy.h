#pragma once
// One run with everything that belongs to it, from an attached database into this one.
//
//   database.exec("ATTACH 'monday.db' AS source");
//   const RunCopy copy(database);
//   const std::int64_t id = copy.copy(12);      // in one transaction with whatever the caller likes
//
// Which tables there are, and which columns hold ids, is read from the schema: a new table is copied without a word
// here, as long as its foreign keys say what it belongs to.

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace SQLite {
class Database;
}

namespace diffbench::results {

class RunCopy {
 public:
  explicit RunCopy(SQLite::Database& database);
  std::int64_t copy(std::int64_t run_id) const;  // the run's id here

 private:
  struct Table {
    std::string name{};
    std::vector<std::string> columns{};
    std::map<std::string, std::string> references{};  // column -> table whose id it holds
  };
  std::string rows_of_run(const Table& table) const;
  const Table& find(const std::string& name) const;
  void refer(Table& table, const std::string& column, const std::string& target) const;

  SQLite::Database& database_;
  std::vector<Table> tables_{};  // parents first
};

}  // namespace diffbench::results
