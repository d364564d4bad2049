#include "harness/measure/rank_device.h"

#include <spdlog/spdlog.h>

#include "harness/ranks/device_choice.h"
#include "methods/model/compute.h"

namespace diffbench::measure {

std::string device_of_rank(const std::string& wanted, const ranks::Communicator& world) {
  const auto choice = ranks::choose_device(wanted, cuda_device_count(), world.local_rank(), world.local_size());
  if (!choice.warning.empty()) {
    spdlog::warn("{}", choice.warning);
  }
  return choice.device;
}

}  // namespace diffbench::measure
