// A checkpoint's pickle without the zip archive around it, whose checksums would stop most mutations, and the search
// for tensors in what it holds.
#include "methods/data/checkpoint_tree.h"
#include "tests/fuzz/fuzz_target.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  return diffbench::fuzz_parser(data, size, [](auto bytes) {
    using namespace diffbench::data;
    find_tensors(parse_pickle(bytes, "f", is_checkpoint_global), "f");
  });
}
