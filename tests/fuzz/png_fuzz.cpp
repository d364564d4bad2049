// The checks before stb, and stb behind them.
#include "methods/data/png.h"
#include "tests/fuzz/fuzz_target.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  return diffbench::fuzz_parser(data, size, [](auto bytes) { diffbench::data::parse_png(bytes, "f"); });
}
