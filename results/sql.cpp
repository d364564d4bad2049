#include "results/sql.h"

#include <sqlite3.h>

namespace diffbench::results {

std::string explain(const SQLite::Exception& error) {
  switch (error.getErrorCode()) {
    case SQLITE_NOTADB:
      return "not a results file of diffbench (not an SQLite database)";
    case SQLITE_CORRUPT:
      return "the database is damaged";
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return "locked by another program";
    case SQLITE_READONLY:
    case SQLITE_PERM:
      return "not writable";
    case SQLITE_CANTOPEN:
      return "cannot be opened";
    case SQLITE_FULL:
      return "the disk is full";
    default:
      return error.what();
  }
}

Savepoint::Savepoint(SQLite::Database& database) : database_(database) { database_.exec("SAVEPOINT method"); }

Savepoint::~Savepoint() {
  if (!open_) return;
  // a failed COMMIT of the outermost savepoint leaves it open; tryExec does not throw
  database_.tryExec("ROLLBACK TO method");
  database_.tryExec("RELEASE method");
}

void Savepoint::release() {
  database_.exec("RELEASE method");
  open_ = false;
}

}  // namespace diffbench::results
