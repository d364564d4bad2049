#include "harness/ranks/device_choice.h"

#include <stdexcept>

namespace diffbench::ranks {

DeviceChoice choose_device(const std::string& wanted, int device_count, int local_rank, int local_size) {
  if (local_rank < 0 || local_rank >= local_size || device_count < 0) {
    throw std::invalid_argument("choose_device: needs 0 <= local_rank < local_size and device_count >= 0");
  }
  if (device_count == 0 && wanted == "auto") {
    return {.device = "cpu", .warning = ""};
  }
  if (device_count == 0 || (wanted != "auto" && wanted != "cuda")) {
    return {.device = wanted, .warning = ""};
  }
  DeviceChoice choice{.device = "cuda:" + std::to_string(local_rank % device_count), .warning = ""};
  if (local_size > device_count && local_rank == 0) {
    choice.warning = std::to_string(local_size) + " ranks of this machine see " + std::to_string(device_count) +
                     (device_count == 1 ? " GPU" : " GPUs") +
                     ": unless the launcher gave each rank one of its own, ranks share one and slow each other down";
  }
  return choice;
}

}  // namespace diffbench::ranks
