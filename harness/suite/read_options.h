#pragma once
// The option tables of a suite, key by key. Each function changes only what its table says, so the file and then every
// `--set` go through the same code:
//
//   read_timing(file.table_or_empty("timing"), suite.timing);
//   read_timing(override.table_or_empty("timing"), suite.timing);
//
// Throws config::InputError naming the place of a wrong value or an unknown key.

#include <string>
#include <string_view>
#include <vector>

#include "harness/suite/suite.h"
#include "methods/config/toml_table.h"

namespace diffbench::suite {

void read_run(const config::TomlTable& table, RunOptions& run);
void read_timing(const config::TomlTable& table, TimingOptions& timing);
void read_quality(const config::TomlTable& table, QualityOptions& quality);
void read_check(const config::TomlTable& table, CheckOptions& check);

// Fails unless `text` is free of control characters: names and labels become keys, table columns and messages.
void check_printable(const config::TomlTable& table, std::string_view key, std::string_view text);

// One value or an array of them; not empty, no value twice, none below `minimum`. An absent key changes nothing.
void read_list(const config::TomlTable& table, std::string_view key, std::vector<int>& values, int minimum);

}  // namespace diffbench::suite
