// model.toml: everything that is read before there is a network.
#include "methods/backbones/backbone_options.h"
#include "methods/model/model_file.h"
#include "tests/fuzz/fuzz_target.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  return diffbench::fuzz_file(data, size, [](const std::string& file) {
    const auto toml = diffbench::parse_model_file(file);
    const auto schedule = diffbench::read_noise_schedule(toml.table("noise"));
    diffbench::read_image_spec(toml.table_or_empty("image"));
    const auto backbone = toml.table("backbone");
    const auto kind = backbone.get<std::string>("kind");
    if (kind == "uvit") {
      diffbench::backbones::read_uvit_options(backbone);
      diffbench::backbones::read_time_input(backbone, *schedule);
    } else if (kind == "dit") {
      diffbench::backbones::read_dit_options(backbone);
      diffbench::backbones::read_time_input(backbone, *schedule);
    } else {
      diffbench::backbones::read_gaussian_mixture_options(backbone);
    }
  });
}
