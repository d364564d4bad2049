// A file of `diffbench calibrate`.
#include "methods/risk_controlled/calibration_file.h"
#include "tests/fuzz/fuzz_target.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  return diffbench::fuzz_file(
      data, size, [](const std::string& file) { diffbench::methods::risk_controlled::read_calibration(file); });
}
