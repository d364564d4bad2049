#pragma once
// The device that this rank computes on: its models, and the extractor that judges what they make.
//
//   const std::string device = device_of_rank(suite.run.device, world);      // "cuda:1"
//   ModelCache models(device);
//   auto tools = load_quality_tools(suite, resolve_compute(device, "fp32").device);
//
// The rule is ranks/device_choice.h; that ranks share a GPU is a warning on each machine's first rank.

#include <string>

#include "harness/ranks/communicator.h"

namespace diffbench::measure {

std::string device_of_rank(const std::string& wanted, const ranks::Communicator& world);

}  // namespace diffbench::measure
