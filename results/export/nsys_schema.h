#pragma once
// Inside results/export only: the tables of an Nsight Systems export, schema 3.28 ("SQLite Schema Reference" in the
// Nsight Systems User Guide 2026.4; column names and types are theirs), and our own, prefixed DIFFBENCH_.
//
//   database.exec(kNsysSchemaSql);

namespace diffbench::results {

inline constexpr const char* kNsysSchemaVersion = "3.28.1";
extern const char* const kNsysSchemaSql;

}  // namespace diffbench::results
