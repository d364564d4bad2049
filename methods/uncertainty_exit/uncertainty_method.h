#pragma once
// uncertainty_exit with a threshold from elsewhere: `risk_controlled` brings a calibrated one.
//
//   auto denoiser = make_with_threshold(params, 0.08, context);    // params: those of gate_params(), resolved

#include "methods/method.h"
#include "methods/uncertainty_exit/uncertainty_policy.h"

namespace diffbench::methods::uncertainty_exit {

// every parameter but the threshold
std::vector<config::ParamSpec> gate_params();

// SHA-256 over the files of the gates that these parameters name; the model's fingerprint where they are in its weights
std::string gates_fingerprint(const nlohmann::json& params, const Model& model,
                              const std::filesystem::path& suite_folder = {});

std::unique_ptr<Denoiser> make_with_threshold(const nlohmann::json& params, double threshold,
                                              const MethodContext& context);

}  // namespace diffbench::methods::uncertainty_exit
