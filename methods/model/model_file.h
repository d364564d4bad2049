#pragma once
// model.toml as it is read, before there is a network: no LibTorch. docs/model_files.md lists its keys.
//
//   const auto toml = parse_model_file("my/model.toml");
//   const auto schedule = read_noise_schedule(toml.table("noise"));
//
// Every mistake is an InputError with file, line and key.

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "methods/config/toml_table.h"
#include "methods/solvers/noise_schedule.h"

namespace diffbench {

struct ImageSpec {
  double low = -1.0;  // what the network works in
  double high = 1.0;
  std::string decoder;     // TorchScript file latent -> image; empty: samples are images
  double scale = 0.18215;  // latents are divided by it before decoding
};

// Somebody's gates in the file of the weights, as their training script saved both: what their tensors' names begin
// with. uncertainty_exit reads them (uncertainty_exit/published_gates.h).
struct GatesInWeights {
  std::string_view kind;  // what `gates` of [weights] says
  std::vector<std::string> prefixes;
};
// the kinds that there are; `kind` none of them: InputError
const GatesInWeights& gates_in_weights(const config::TomlTable& weights, const std::string& kind);

// model.toml without a table that is none of its own; and its parts, for training too
config::TomlTable parse_model_file(const std::filesystem::path& file);
std::shared_ptr<const solvers::NoiseSchedule> read_noise_schedule(const config::TomlTable& noise);
ImageSpec read_image_spec(const config::TomlTable& image);

}  // namespace diffbench
