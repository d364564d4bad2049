#pragma once
// The text of schema.sql with schema_profile.sql, and of views.sql, and the numbers in them, compiled into the program.
//
//   database.exec(kSchemaSql);
//   database.exec(kViewsSql);

namespace diffbench::results {

extern const int kApplicationId;  // PRAGMA application_id: tells our files from other SQLite databases
extern const int kSchemaVersion;  // PRAGMA user_version
extern const char* const kSchemaSql;
extern const char* const kViewsSql;

}  // namespace diffbench::results
