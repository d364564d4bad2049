#pragma once
// A model: the folder or model.toml that names backbone, noise schedule, weights and image range, loaded and ready.
//
//   auto model = load_model("fashion_mnist", resolve_compute("cpu", "fp32"));      // a zoo name
//   auto mine = load_model("my/model.toml", compute);                              // or a path
//   at::Tensor bytes = to_uint8(samples, model->image);
//
// The format: docs/model_files.md. Every mistake in it is an InputError with file, line and key.

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "methods/backbones/backbone_table.h"
#include "methods/config/paths.h"
#include "methods/model/compute.h"
#include "methods/model/file_record.h"
#include "methods/model/model_file.h"
#include "methods/solvers/noise_schedule.h"

namespace diffbench {

struct Model {
  std::string name;  // as it was asked for
  std::string file;  // its model.toml
  backbones::Network network;
  std::shared_ptr<const solvers::NoiseSchedule> schedule;
  ImageSpec image;
  Compute compute;
  std::filesystem::path weights_file;  // empty where there is nothing to learn
  std::string gates;                   // kind of gates in the weights file (model_file.h); empty: none
  std::string fingerprint;             // sha256 over model.toml and the weights file
  std::vector<FileRecord> files;       // that it consists of: model, weights, decoder
};

std::shared_ptr<Model> load_model(const std::string& name, const Compute& compute,
                                  const config::GivenAt& at = {"--model"});

// the file behind a zoo name, a folder or a model.toml; InputError when there is none
std::string find_model_file(const std::string& name, const config::GivenAt& at = {"--model"});

// round((x - low) / (high - low) * 255), clipped, as uint8 of the same shape
at::Tensor to_uint8(const at::Tensor& samples, const ImageSpec& image);

}  // namespace diffbench
