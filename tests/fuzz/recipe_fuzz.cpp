// A recipe of `diffbench train`.
#include "methods/training/recipe.h"
#include "tests/fuzz/fuzz_target.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  return diffbench::fuzz_file(data, size, [](const std::string& file) { diffbench::training::read_recipe(file, {}); });
}
