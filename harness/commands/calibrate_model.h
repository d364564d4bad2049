#pragma once
// `diffbench calibrate --model`: the loss table made on a model, and the record that `risk_controlled` reads.
//
//   auto options = std::make_shared<ModelCalibration>();
//   add_model_calibration(command, *options);
//   CalibratedModel model = prepare(*options);                       // losses, still without a threshold
//   write_result(model, risk_control::calibrate(model.losses, procedure, target), options->out);

#include "harness/commands/command.h"
#include "harness/commands/model_options.h"
#include "harness/commands/sampling_options.h"
#include "methods/risk_controlled/calibration_file.h"
#include "methods/risk_controlled/procedures/risk_control.h"

namespace diffbench::commands {

struct ModelCalibration {
  ModelOptions model;
  SamplingOptions sampling;
  std::vector<std::string> params;
  std::vector<double> thresholds;
  std::string loss = "rmse";
  std::string extractor = "fashion_mnist";
  std::string network;
  int64_t units = 100;
  int64_t batch = 64;
  uint64_t seed = 1000;
  std::string out;
  std::string losses_out;
};

void add_model_calibration(Command command, ModelCalibration& options);

struct CalibratedModel {
  risk_control::LossTable losses;
  methods::risk_controlled::CalibrationRecord record;  // all but the result
};

// runs the trajectories; InputErrors name the flag
CalibratedModel prepare(const ModelCalibration& options);

// calibration.toml
void write_result(CalibratedModel model, const risk_control::Calibration& result, const std::string& out);

}  // namespace diffbench::commands
