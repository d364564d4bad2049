#pragma once
// The network whose features quality is judged in: a TorchScript file, or one of the zoo by name.
//
//   FeatureExtractor extractor("fashion_mnist");          // <home>/methods/zoo/fashion_mnist/extractor.pt
//   Extracted out = extractor.extract(images);            // u8 [N, C, H, W] -> features [N, D], logits [N, K]
//   store(extractor.hash(), extractor.mode());            // what belongs to every number made with it
//   FeatureExtractor inception("inception-2015-12-05.pt", at::kCUDA, {"--extractor"}, "clean_fid");
//
// The mode says what the network is given (input_mode.h): by default the u8 images (0..255) themselves. It answers
// [N, D] features, or a tuple (features, logits) or (features, logits, spatial); feature_network.h has the details.
// Computes in float32, or where the mode ends in +bf16 in bfloat16 (no TF32, no graph rewriting after the first calls),
// always in batches of one size, the last one filled up with zeros: a row's features do not depend on its neighbours.
// Images may lie on any device. InputError: a file that is no TorchScript, images it cannot take, an output of another
// shape, or one that holds class probabilities. One thread at a time.

#include <ATen/core/Tensor.h>

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "methods/config/paths.h"

namespace diffbench::quality {

struct Extracted {
  at::Tensor features;   // [N, D] float32, CPU
  at::Tensor logits{};   // [N, K] float32, CPU; undefined where the extractor gives none
  at::Tensor spatial{};  // [N, S] float32, CPU: what sFID is computed from, each row in the network's own order;
                         // undefined where the extractor gives none
};

class FeatureExtractor {
 public:
  // a name without '/' that is no file is one of the zoo; mode: a name of input_mode.h
  explicit FeatureExtractor(const std::string& name_or_file, at::Device device = at::Device(at::kCPU),
                            const config::GivenAt& at = {"--extractor"}, std::string_view mode = "plain");
  ~FeatureExtractor();
  FeatureExtractor(FeatureExtractor&&) noexcept;

  Extracted extract(const at::Tensor& images);

  const std::string& name() const;  // as given
  const std::string& file() const;  // what it was read from
  const std::string& hash() const;  // 64 hexadecimal digits
  std::string mode() const;         // with +bf16 where the network computes in it
  static std::filesystem::path resolve(const std::string& name_or_file, const config::GivenAt& at = {"--extractor"});

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace diffbench::quality
