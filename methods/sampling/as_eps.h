#pragma once
// Makes every network one that predicts noise, whatever it was trained to predict (model.toml's `prediction`).
//
//   auto denoiser = as_eps(std::move(method), *context.model);   // registry.cpp does so for every method
//
// Solvers, guidance and `eval` see eps alone; methods work below, on what the network gives.

#include <memory>

#include "methods/model/model.h"
#include "methods/sampling/denoiser.h"

namespace diffbench {

// `inner` itself where the network predicts eps
std::unique_ptr<Denoiser> as_eps(std::unique_ptr<Denoiser> inner, const Model& model);

}  // namespace diffbench
