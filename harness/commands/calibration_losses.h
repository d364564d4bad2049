#pragma once
// THE table of losses that `diffbench calibrate --model` knows: what an early-exit sample loses against the full
// network's sample of the same noise.
//
//   const CalibrationLoss& entry = calibration_loss_named("lpips");
//   Loss loss = entry.make({.model = model, .extractor = "fashion_mnist", .network = "lpips.pt"});
//   entry.bound;      // every loss lies in [-bound, bound]
//
// To add one: its line in the table and the functions that the line names.

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "methods/model/model.h"
#include "methods/risk_controlled/trajectory_losses.h"

namespace diffbench::commands {

struct LossSource {
  std::shared_ptr<Model> model;
  std::string extractor;  // --extractor
  std::string network;    // --network
};

struct CalibrationLoss {
  const char* name;
  const char* summary;
  const char* needs;  // beside the model; empty: nothing
  double bound;
  bool reads_network;  // --network, which is an error with the others
  // InputErrors name the flag or the file at fault, here or when the first samples are seen
  methods::risk_controlled::Loss (*make)(const LossSource& source);
};

std::span<const CalibrationLoss> calibration_losses();
std::vector<std::string> calibration_loss_names();
const CalibrationLoss& calibration_loss_named(const std::string& name);

}  // namespace diffbench::commands
