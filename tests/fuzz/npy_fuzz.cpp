// One numpy array: its header and the order of its elements.
#include "methods/data/npy.h"
#include "tests/fuzz/fuzz_target.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  return diffbench::fuzz_parser(data, size, [](auto bytes) { diffbench::data::parse_npy(bytes, "f"); });
}
