#pragma once
// The gates of other people's networks, as their training scripts saved them in one file with the network: model.toml
// says `gates` in [weights].
//
//   auto gates = published_gates(*model);     // model->gates is "adadiff" or "rc_eenn"
//
// adadiff (Tangshengku/AdaDiff, libs/uvit.py): after every block a linear layer and a sigmoid give the confidence of
// each pixel, 1 - u here; no time; the network's own head. Its rule `mean > thres` is threshold = 1 - thres, its
// patience patience = 2 and patience_until = depth / 2 (not in its text-to-image network), its batch granularity =
// batch_mean. rc_eenn (metodj/RC-EENN, dee_diff/networks/ViT.py): one MLP for all blocks, on token and time (t /
// train_steps), gives u of each pixel; an exit's output is the decoder without its norm, then a convolution of the
// exit's own. Its rule `1 - mean u > lambda` is threshold = 1 - lambda. It never leaves after the first block:
// first_exit = 2.

#include <memory>

#include "methods/model/model.h"
#include "methods/uncertainty_exit/exit_gates.h"

namespace diffbench::methods::uncertainty_exit {

// InputError where the file lacks a tensor, or has one of another shape
std::unique_ptr<ExitGates> published_gates(const Model& model);

}  // namespace diffbench::methods::uncertainty_exit
