#pragma once
// From what the sampler gives to images: the model's decoder where it has one (latent diffusion), nothing otherwise.
//
//   at::Tensor images = decode(samples, *model);    // [B,C,H,W] in the model's image range

#include "methods/model/model.h"

namespace diffbench {

at::Tensor decode(const at::Tensor& samples, const Model& model);

}  // namespace diffbench
