#pragma once
// bf16 autocast for a scope: matrix products in bfloat16, parameters and reductions in float32.
//
//   {
//     Autocast guard(x.device().type(), recipe.precision == "bf16");
//     loss = ...;
//   }   // off again; the cache of cast weights is dropped

#include <ATen/autocast_mode.h>

namespace diffbench::training {

class Autocast {
 public:
  Autocast(at::DeviceType device, bool enabled) : device_(device), before_(at::autocast::is_autocast_enabled(device)) {
    at::autocast::set_autocast_enabled(device_, enabled);
    at::autocast::set_autocast_dtype(device_, at::kBFloat16);
    at::autocast::increment_nesting();
  }
  ~Autocast() {
    if (at::autocast::decrement_nesting() == 0) {
      at::autocast::clear_cache();
    }
    at::autocast::set_autocast_enabled(device_, before_);
  }
  Autocast(const Autocast&) = delete;  // a scope has one beginning and one end
  Autocast& operator=(const Autocast&) = delete;

 private:
  at::DeviceType device_;
  bool before_;
};

}  // namespace diffbench::training
