#pragma once
// How a network wants its time: model.toml's `time_input`.
//
//   TimeInput input{"unit", 1000, false};
//   input.network_time(500.0);   // 0.5
//
// index: t in [0, train_steps); index_plus_one: t + 1, as U-ViT's discrete latent networks were trained; unit: t /
// train_steps; uvit_continuous: 999 * continuous time, where the continuous time of index t is (t + 1) / train_steps.
// On a continuous schedule t is the continuous time itself.

#include <cstdint>
#include <string>

namespace diffbench::backbones {

struct TimeInput {
  std::string kind = "index";
  int64_t train_steps = 1000;
  bool schedule_is_continuous = false;

  double network_time(double t) const {
    const double steps = static_cast<double>(train_steps);
    const double index = schedule_is_continuous ? steps * t - 1.0 : t;
    if (kind == "index") {
      return index;
    }
    if (kind == "index_plus_one") {
      return index + 1.0;
    }
    const double continuous = (index + 1.0) / steps;
    return kind == "uvit_continuous" ? 999.0 * continuous : index / steps;
  }
};

}  // namespace diffbench::backbones
