#pragma once
// gate.toml: what a gate lets through. Its keys are explained in harness/compare/README.md.
//
//   results::Gate gate = compare::read_gate("gate.toml", "2026-11-24");     // today, for entries that expire
//
// A mistake is a config::InputError with file, line and key.

#include <filesystem>
#include <string>

#include "results/compare/gate.h"

namespace diffbench::compare {

results::Gate read_gate(const std::filesystem::path& file, const std::string& today);

// ISO, as UTC has it
std::string today_utc();

}  // namespace diffbench::compare
