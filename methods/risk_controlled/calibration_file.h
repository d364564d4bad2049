#pragma once
// A calibrated threshold and everything it holds for: what `diffbench calibrate --model` writes and `risk_controlled`
// reads.
//
//   write_calibration(record, "calibration.toml");
//   CalibrationRecord record = read_calibration("calibration.toml");

#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

namespace diffbench::methods::risk_controlled {

struct CalibrationRecord {
  std::optional<double> threshold;  // none: no threshold qualified, the full network runs
  std::string procedure;
  double epsilon = 0.0;
  double delta = 0.0;
  std::string loss;                                       // which distance between images
  int64_t units = 0;                                      // n, calibration trajectories
  int64_t seed = 0;                                       // of their noise
  double risk = 0.0;                                      // mean loss at the threshold
  std::string model;                                      // its fingerprint
  std::string gates;                                      // SHA-256 of heads.toml and heads.safetensors
  std::string conditions;                                 // sampling_conditions.h
  nlohmann::json gate_params = nlohmann::json::object();  // the other parameters of uncertainty_exit
};

// complete or absent; InputError when it cannot be written
void write_calibration(const CalibrationRecord& record, const std::filesystem::path& file);
// InputError with file, line and key
CalibrationRecord read_calibration(const std::filesystem::path& file);

}  // namespace diffbench::methods::risk_controlled
