#include "methods/backbones/backbone_table.h"

#include "methods/backbones/dit.h"
#include "methods/backbones/gaussian_mixture.h"
#include "methods/backbones/uvit.h"
#include "methods/config/nearest.h"

namespace diffbench::backbones {
namespace {

Network make_uvit(const config::TomlTable& table, std::shared_ptr<const solvers::NoiseSchedule> schedule) {
  const auto options = read_uvit_options(table);
  auto network = std::make_shared<UViT>(options, read_time_input(table, *schedule));
  return {.backbone = network,
          .module = network,
          .channels = options.channels,
          .image_size = options.image_size,
          .classes = options.classes,
          .null_label = options.null_label,
          .prediction = read_prediction(table, *schedule),
          .context_tokens = options.context_tokens,
          .context_width = options.context_width};
}

Network make_dit(const config::TomlTable& table, std::shared_ptr<const solvers::NoiseSchedule> schedule) {
  const auto options = read_dit_options(table);
  auto network = std::make_shared<DiT>(options, read_time_input(table, *schedule));
  return {.backbone = network,
          .module = network,
          .channels = options.channels,
          .image_size = options.image_size,
          .classes = options.classes,
          .learned_sigma = options.learned_sigma,
          .prediction = read_prediction(table, *schedule),
          .guidance_channels = options.guidance_channels};
}

Network make_gaussian_mixture(const config::TomlTable& table, std::shared_ptr<const solvers::NoiseSchedule> schedule) {
  const auto options = read_gaussian_mixture_options(table);
  return {.backbone = std::make_shared<GaussianMixture>(options, std::move(schedule)),
          .module = nullptr,
          .channels = options.channels,
          .image_size = options.image_size};
}

constexpr BackboneEntry kBackbones[] = {
    {"uvit", "vision transformer with long skips", "Bao et al., CVPR 2023, arXiv 2209.12152", make_uvit},
    {"dit", "transformer scaled, shifted and gated by time and label", "Peebles and Xie, ICCV 2023, arXiv 2212.09748",
     make_dit},
    {"gaussian_mixture", "exact noise prediction for a mixture of normals per pixel", "closed form",
     make_gaussian_mixture},
};

}  // namespace

std::span<const BackboneEntry> backbone_table() { return kBackbones; }

Network make_backbone(const config::TomlTable& table, std::shared_ptr<const solvers::NoiseSchedule> schedule) {
  const auto kind = table.get<std::string>("kind");
  std::vector<std::string> names;
  for (const auto& entry : kBackbones) {
    if (kind == entry.name) {
      return entry.make(table, std::move(schedule));
    }
    names.emplace_back(entry.name);
  }
  table.fail("kind", config::unknown_name("backbone", kind, names));
}

}  // namespace diffbench::backbones
