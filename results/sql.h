#pragma once
// Inside results/ only: statements with typed binding, and SQLite's errors as DatabaseError.
//
//   const std::int64_t id = insert(database, "INSERT INTO string (value) VALUES (?)", std::string_view("gemm"));
//   guarded(name, [&] { ... });  // SQLite::Exception -> DatabaseError "name: what happened"

#include <SQLiteCpp/SQLiteCpp.h>

#include <concepts>
#include <cstdint>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "results/database_error.h"

namespace diffbench::results {

template <class T>
  requires std::integral<T>
void bind_one(SQLite::Statement& statement, int index, T value) {
  statement.bind(index, static_cast<std::int64_t>(value));
}
inline void bind_one(SQLite::Statement& statement, int index, double value) { statement.bind(index, value); }
inline void bind_one(SQLite::Statement& statement, int index, std::string_view value) {
  statement.bind(index, std::string(value));
}
template <class T>
void bind_one(SQLite::Statement& statement, int index, std::span<const T> blob) {
  statement.bind(index, static_cast<const void*>(blob.data()), static_cast<int>(blob.size_bytes()));
}
template <class T>
void bind_one(SQLite::Statement& statement, int index, const std::optional<T>& value) {
  if (value) {
    bind_one(statement, index, *value);
  } else {
    statement.bind(index);
  }
}

// Binds every `?` in order and starts the statement anew.
template <class... Values>
void bind_all(SQLite::Statement& statement, const Values&... values) {
  statement.reset();
  int index = 0;
  (bind_one(statement, ++index, values), ...);
}

template <class... Values>
int execute(SQLite::Statement& statement, const Values&... values) {
  bind_all(statement, values...);
  return statement.exec();
}

template <class... Values>
std::int64_t insert(SQLite::Database& database, const char* sql, const Values&... values) {
  SQLite::Statement statement(database, sql);
  execute(statement, values...);
  return database.getLastInsertRowid();
}

// The first column of every row.
inline std::set<int> integers(SQLite::Statement& statement) {
  std::set<int> found;
  while (statement.executeStep()) found.insert(statement.getColumn(0).getInt());
  return found;
}

inline std::optional<std::string> optional_text(const SQLite::Column& column) {
  return column.isNull() ? std::nullopt : std::optional<std::string>(column.getString());
}

inline std::optional<std::int64_t> optional_integer(const SQLite::Column& column) {
  return column.isNull() ? std::nullopt : std::optional<std::int64_t>(column.getInt64());
}
inline std::optional<double> optional_real(const SQLite::Column& column) {
  return column.isNull() ? std::nullopt : std::optional<double>(column.getDouble());
}

std::string explain(const SQLite::Exception& error);

template <class Work>
auto guarded(const std::string& name, Work&& work) {
  try {
    return std::forward<Work>(work)();
  } catch (const SQLite::Exception& error) {
    throw DatabaseError(name + ": " + explain(error));
  }
}

// Several statements of one method as one: works alone and inside a Transaction.
class Savepoint {
 public:
  explicit Savepoint(SQLite::Database& database);
  ~Savepoint();
  Savepoint(const Savepoint&) = delete;
  Savepoint& operator=(const Savepoint&) = delete;
  void release();

 private:
  SQLite::Database& database_;
  bool open_ = true;
};

}  // namespace diffbench::results
