// Every decoder of images, chosen by the first bytes as for files: PNG, JPEG, WebP.
#include "methods/data/image_decoders.h"
#include "tests/fuzz/fuzz_target.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  return diffbench::fuzz_parser(data, size, [](auto bytes) { diffbench::data::parse_image(bytes, "f"); });
}
