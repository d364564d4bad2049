#include "results/store.h"

#include <sqlite3.h>
#include <unistd.h>

#include <system_error>

#include "results/metrics.h"
#include "results/schema.h"
#include "results/sql.h"

namespace diffbench::results {
namespace {

namespace fs = std::filesystem;
constexpr int kBusyTimeoutMs = 5000;  // a report that reads meanwhile holds its lock for milliseconds

std::unique_ptr<SQLite::Database> connect(const std::string& name, int flags) {
  // a Store belongs to one thread at a time, so SQLite need not take a lock at every bind
  auto database = std::make_unique<SQLite::Database>(name, flags | SQLite::OPEN_NOMUTEX, kBusyTimeoutMs);
  database->exec("PRAGMA foreign_keys = ON");
  database->exec("PRAGMA cache_size = -65536");  // KiB: the index of a long profile stays in memory while it grows
  return database;
}

void create_schema(SQLite::Database& database) {
  SQLite::Transaction transaction(database);
  database.exec(kSchemaSql);
  database.exec(kViewsSql);
  SQLite::Statement statement(database,
                              "INSERT INTO metric (name, unit, better, definition, formula, summary_column) VALUES (?, "
                              "?, ?, ?, ?, nullif(?, ''))");
  for (const Metric& metric : kMetrics) {
    execute(statement, metric.name, metric.unit, metric.better, metric.definition, metric.formula,
            metric.summary_column);
  }
  transaction.commit();
}

void check_version(SQLite::Database& database, const std::string& name) {
  const int application = database.execAndGet("PRAGMA application_id").getInt();
  const int version = database.execAndGet("PRAGMA user_version").getInt();
  if (application != kApplicationId) {
    throw DatabaseError(name + ": not a results file of diffbench (an SQLite database of another program)");
  }
  if (version > kSchemaVersion) {
    throw DatabaseError(name + ": schema version " + std::to_string(version) + " is newer than this program's " +
                        std::to_string(kSchemaVersion) + "; update diffbench to read it");
  }
  if (version < kSchemaVersion) {
    throw DatabaseError(name + ": schema version " + std::to_string(version) + " is older than this program's " +
                        std::to_string(kSchemaVersion) + "; read it with the diffbench that wrote it");
  }
}

// Another program may have created the file meanwhile: then its file stays, and ours goes.
void create_file(const fs::path& path, bool replace_empty) {
  const fs::path temporary = path.string() + ".creating-" + std::to_string(::getpid());
  std::error_code error;
  fs::remove(temporary, error);
  try {
    guarded(path.string(), [&] {
      const auto database = connect(temporary.string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
      create_schema(*database);
    });
  } catch (...) {
    fs::remove(temporary, error);
    throw;
  }
  if (replace_empty) {
    fs::rename(temporary, path, error);
  } else {
    fs::create_hard_link(temporary, path, error);  // unlike rename it never replaces a file
    if (error == std::errc::file_exists) error.clear();
    if (error) {
      error.clear();
      fs::rename(temporary, path, error);  // a file system without hard links
    }
  }
  const std::error_code failed = error;
  fs::remove(temporary, error);
  if (failed) throw DatabaseError(path.string() + ": cannot be created: " + failed.message());
}

void check_regular(const fs::path& path) {
  if (fs::exists(path) && !fs::is_regular_file(path)) {
    throw DatabaseError(path.string() + ": not a file");
  }
}

}  // namespace

Store::Store(std::unique_ptr<SQLite::Database> database, std::string name)
    : database_(std::move(database)), name_(std::move(name)) {}
Store::Store(Store&&) noexcept = default;
Store& Store::operator=(Store&&) noexcept = default;
Store::~Store() = default;

Store Store::open_or_create(const fs::path& path) {
  const std::string name = path.string();
  return guarded(name, [&] {
    if (name == ":memory:") {
      auto database = connect(name, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
      create_schema(*database);
      return Store(std::move(database), name);
    }
    check_regular(path);
    const bool exists = fs::exists(path);
    const bool empty = exists && fs::is_empty(path);
    if (!exists || empty) create_file(path, empty);
    auto database = connect(name, SQLite::OPEN_READWRITE);
    check_version(*database, name);
    // SQLite opens a write-protected file for reading without a word
    if (sqlite3_db_readonly(database->getHandle(), "main") != 0) throw DatabaseError(name + ": not writable");
    return Store(std::move(database), name);
  });
}

Store Store::open_read_only(const fs::path& path) {
  const std::string name = path.string();
  return guarded(name, [&] {
    if (!fs::exists(path)) throw DatabaseError(name + ": no such file");
    check_regular(path);
    if (fs::is_empty(path)) throw DatabaseError(name + ": not a results file of diffbench (it is empty)");
    // what a killed program left half-written is taken back by the first reader that may write
    if (fs::exists(name + "-journal") && ::access(name.c_str(), W_OK) == 0) {
      SQLite::Database(name, SQLite::OPEN_READWRITE, kBusyTimeoutMs).execAndGet("PRAGMA user_version");
    }
    auto database = connect(name, SQLite::OPEN_READONLY);
    check_version(*database, name);
    return Store(std::move(database), name);
  });
}

Transaction::Transaction(Store& store) : store_(store) {
  guarded(store_.name_, [&] { store_.database_->exec("BEGIN IMMEDIATE"); });
}

Transaction::~Transaction() {
  if (open_) store_.database_->tryExec("ROLLBACK");
}

void Transaction::commit() {
  guarded(store_.name_, [&] { store_.database_->exec("COMMIT"); });
  open_ = false;
}

}  // namespace diffbench::results
