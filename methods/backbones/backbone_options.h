#pragma once
// What model.toml's [backbone] says, read and checked: no LibTorch. docs/model_files.md lists the keys.
//
//   const UViTOptions options = read_uvit_options(model_toml.table("backbone"));
//
// Every bad key or value is an InputError with its line.

#include <cstdint>
#include <vector>

#include "methods/backbones/prediction.h"
#include "methods/backbones/time_input.h"
#include "methods/config/toml_table.h"
#include "methods/solvers/noise_schedule.h"

namespace diffbench::backbones {

struct UViTOptions {
  int64_t image_size = 28;  // square
  int64_t channels = 1;
  int64_t patch_size = 4;
  int64_t width = 128;
  int64_t depth = 12;  // in + out blocks; the mid block comes on top
  int64_t heads = 2;
  double mlp_ratio = 4.0;
  bool qkv_bias = false;
  int64_t classes = 0;     // 0: unconditional
  bool null_label = true;  // the label table has one row more than classes; false: no guidance
  bool mlp_time_embed = false;
  bool final_conv = true;
  int64_t context_tokens = 0;  // of text, between time and patches; 0: none
  int64_t context_width = 0;   // numbers per token of text

  int64_t extra_tokens() const { return (classes > 0 ? 2 : 1) + context_tokens; }
  int64_t label_rows() const { return classes + (null_label ? 1 : 0); }
};

struct DiTOptions {
  int64_t image_size = 32;  // square
  int64_t channels = 4;
  int64_t patch_size = 2;
  int64_t width = 384;  // a multiple of 4
  int64_t depth = 12;   // blocks
  int64_t heads = 6;
  double mlp_ratio = 4.0;
  int64_t classes = 0;            // 0: unconditional; else the table has one row more, the null label
  bool learned_sigma = false;     // the head gives 2 * channels: eps, then v
  int64_t guidance_channels = 0;  // guidance acts on the first so many channels; 0: on all

  int64_t side() const { return image_size / patch_size; }
  int64_t token_count() const { return side() * side(); }
  int64_t out_channels() const { return learned_sigma ? 2 * channels : channels; }
  int64_t mlp_width() const { return static_cast<int64_t>(static_cast<double>(width) * mlp_ratio); }
};

struct GaussianMixtureOptions {
  int64_t image_size = 1;
  int64_t channels = 1;
  std::vector<double> means;
  std::vector<double> stds;
  std::vector<double> weights;  // positive; normalised to sum 1
};

UViTOptions read_uvit_options(const config::TomlTable& table);
DiTOptions read_dit_options(const config::TomlTable& table);
GaussianMixtureOptions read_gaussian_mixture_options(const config::TomlTable& table);

// of a transformer's table, after its options
Prediction read_prediction(const config::TomlTable& table, const solvers::NoiseSchedule& schedule);
TimeInput read_time_input(const config::TomlTable& table, const solvers::NoiseSchedule& schedule);

}  // namespace diffbench::backbones
