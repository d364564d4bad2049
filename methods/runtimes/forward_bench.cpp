// One evaluation of a whole network, on demand: scripts/peers/forward.py lets several programs take turns with it.
//
//   echo 20 | build/release/bin/forward_bench fashion_mnist openvino bf16 2 in.npz out.safetensors
//
// in.npz: x [B,C,H,W] and t [B]. Writes eps and says "ready"; then answers every line that holds a count
// with the nanoseconds of each of so many evaluations.

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <c10/core/InferenceMode.h>

#include <chrono>
#include <cstdio>
#include <iostream>
#include <string>

#include "methods/config/input_error.h"
#include "methods/data/safetensors.h"
#include "methods/data/tensor_file.h"
#include "methods/model/freed_memory.h"
#include "methods/model/model.h"
#include "methods/model/tensors.h"
#include "methods/runtimes/runtime.h"

namespace {

using namespace diffbench;

int run(const std::vector<std::string>& arguments) {
  if (arguments.size() != 6) {
    std::cerr << "forward_bench MODEL RUNTIME PRECISION THREADS IN.npz OUT.safetensors\n";
    return 2;
  }
  at::set_num_threads(std::stoi(arguments[3]));
  keep_freed_memory();
  const auto model = load_model(arguments[0], resolve_compute("cpu", arguments[2]));
  runtimes::use_runtime(*model, arguments[1]);
  const auto file = data::read_tensors(arguments[4]);
  const auto x = to_tensor(file.at("x")).to(model->compute.state_dtype);
  const auto times = to_tensor(file.at("t")).to(at::kDouble);
  const std::vector<double> t(times.const_data_ptr<double>(), times.const_data_ptr<double>() + times.numel());
  const c10::InferenceMode inference;
  auto& backbone = *model->network.backbone;
  backbone.prepare_times(t);
  backbone.prepare_stretches({{0, backbone.block_count()}}, x.size(0));
  const auto evaluate = [&] {
    auto hidden = backbone.embed(x, t, {});
    backbone.run_blocks(0, backbone.block_count(), hidden);
    return backbone.head(hidden);
  };
  data::write_safetensors(arguments[5], {{"eps", to_raw(evaluate())}});
  std::cout << "ready" << std::endl;
  for (int count = 0; std::cin >> count;) {
    for (int i = 0; i < count; ++i) {
      const auto start = std::chrono::steady_clock::now();
      evaluate();
      const auto end = std::chrono::steady_clock::now();
      std::cout << std::chrono::duration_cast<std::chrono::nanoseconds>(end - start).count() << " ";
    }
    std::cout << std::endl;
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run({argv + 1, argv + argc});
  } catch (const std::exception& error) {
    std::cerr << "forward_bench: " << error.what() << "\n";
    return 2;
  }
}
