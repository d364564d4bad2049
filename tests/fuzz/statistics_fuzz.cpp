// Statistics of features, in both kinds of file that hold them.
#include "methods/data/npz.h"
#include "methods/data/pth.h"
#include "methods/data/statistics_tensors.h"
#include "tests/fuzz/fuzz_target.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace diffbench;
  fuzz_parser(data, size, [](auto bytes) { data::find_statistics(data::parse_npz(bytes, "f"), "f"); });
  return fuzz_parser(data, size, [](auto bytes) { data::find_statistics(data::parse_pth(bytes, "f"), "f"); });
}
