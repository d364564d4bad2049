#pragma once
// gate.toml: what a gate lets through. Its keys are explained in harness/compare/README.md.
//
//   results::Gate gate = compare::read_gate("gate.toml", "2026-11-24", names);     // today, for entries that expire
//
// A mistake is a config::InputError with file, line and key.

#include <filesystem>
#include <string>
#include <vector>

#include "results/compare/gate.h"

namespace diffbench::compare {

// quality_metrics: names that may be used besides those of speed and cost
results::Gate read_gate(const std::filesystem::path& file, const std::string& today,
                        const std::vector<std::string>& quality_metrics);

// ISO, as UTC has it
std::string today_utc();

}  // namespace diffbench::compare
