#pragma once
// What `diffbench calibrate` says of one calibration.
//
//   if (json) { std::cout << calibration_json(result).dump() << "\n"; } else { print_calibration(result); }
//   warn_of_drops(result);      // on stderr

#include <nlohmann/json.hpp>

#include "methods/risk_controlled/procedures/risk_control.h"

namespace diffbench::commands {

// the document of docs/outputs.md
nlohmann::json calibration_json(const risk_control::Calibration& result);
void print_calibration(const risk_control::Calibration& result);  // a table on stdout
void warn_of_drops(const risk_control::Calibration& result);

}  // namespace diffbench::commands
