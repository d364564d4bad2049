#pragma once
// Classifier-free guidance around any method: every guided row runs with its label and with the null label in one
// batch.
//
//   auto guided = guide(std::move(denoiser), {.scale = 2.0}, *model, "--guidance");
//
// eps = eps(null) + scale * (eps(label) - eps(null)) (Ho & Salimans, 2022, arXiv 2207.12598, whose w is scale - 1;
// U-ViT's is scale - 1 too, DiT's is scale), on all channels or on the first `guidance_channels` of model.toml, the
// others being the labelled half's. In place of label and null label, a network of text-to-image runs with its text and
// with `null_context`, the features of an empty text. Outside the interval of times the network runs with the label
// alone (Kynkaanniemi et al., NeurIPS 2024, arXiv 2404.07724).

#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "methods/model/model.h"
#include "methods/sampling/denoiser.h"

namespace diffbench {

struct Guidance {
  double scale = 1.0;  // 1: none
  double from_t = 0.0;
  double to_t = std::numeric_limits<double>::infinity();  // guided where from_t <= t <= to_t
  at::Tensor null_context{};                              // [tokens, width], of text-to-image networks
  bool joint_exits = true;  // the two halves of a sample leave the network together, when both would leave

  bool active_at(double t) const { return scale != 1.0 && t >= from_t && t <= to_t; }
};

// `inner` itself at scale 1. InputError, starting with `where`, for a network without classes or without
// a null label.
std::unique_ptr<Denoiser> guide(std::unique_ptr<Denoiser> inner, const Guidance& guidance, const Model& model,
                                const std::string& where);

// "400,1000" -> from_t, to_t; InputError for an empty interval
void set_interval(Guidance& guidance, const std::vector<double>& interval, const std::string& where);

}  // namespace diffbench
