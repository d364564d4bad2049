#include "harness/commands/calibration_losses.h"

#include <ATen/ATen.h>

#include "harness/quality/extractor.h"
#include "methods/config/input_error.h"
#include "methods/config/nearest.h"
#include "methods/model/decode.h"
#include "methods/risk_controlled/pair_network.h"
#include "methods/risk_controlled/sample_losses.h"

namespace diffbench::commands {
namespace {

using methods::risk_controlled::Loss;
namespace losses = methods::risk_controlled;

std::shared_ptr<quality::FeatureExtractor> extractor_of(const LossSource& source) {
  return std::make_shared<quality::FeatureExtractor>(source.extractor, source.model->compute.device);
}

// from samples to pixels in [low, high] of the model; what decodes them is read once
struct Images {
  explicit Images(const Model& model) : decoder(model), image(model.image) {}

  Decoder decoder;
  ImageSpec image;
};

quality::Extracted extract(quality::FeatureExtractor& extractor, const at::Tensor& samples, const Images& images) {
  return extractor.extract(to_uint8(images.decoder(samples), images.image));
}

at::Tensor logits_of(quality::FeatureExtractor& extractor, const at::Tensor& samples, const Images& images) {
  auto logits = extract(extractor, samples, images).logits;
  if (!logits.defined()) {
    throw config::InputError("--extractor " + extractor.name() + ": gives no logits, which the loss is made of");
  }
  return logits;
}

at::Tensor less(const at::Tensor& full, const at::Tensor& early) { return early - full; }

Loss make_rmse(const LossSource& source) {
  return {.view = [images = Images(*source.model)](
                      const at::Tensor& samples,
                      const at::Tensor&) { return losses::unit_pixels(images.decoder(samples), images.image); },
          .compare = losses::rmse_distance};
}

Loss make_features(const LossSource& source) {
  return {.view = [extractor = extractor_of(source), images = Images(*source.model)](
                      const at::Tensor& samples,
                      const at::Tensor&) { return extract(*extractor, samples, images).features.to(at::kDouble); },
          .compare = losses::relative_distance};
}

Loss make_lpips(const LossSource& source) {
  if (source.network.empty()) {
    throw config::InputError("--network: --loss lpips needs a TorchScript file: forward(a, b) -> distances");
  }
  auto network = std::make_shared<losses::PairNetwork>(source.network, source.model->compute.device);
  return {.view =
              [images = Images(*source.model)](const at::Tensor& samples, const at::Tensor&) {
                return losses::unit_pixels(images.decoder(samples), images.image) * 2.0 - 1.0;
              },
          // no network of this kind has a bound of its own, and a guarantee needs one
          .compare = [network](const at::Tensor& full,
                               const at::Tensor& early) { return (*network)(full, early).clamp_max(1.0); }};
}

Loss from_logits(const LossSource& source, at::Tensor (*compare)(const at::Tensor&, const at::Tensor&)) {
  return {.view = [extractor = extractor_of(source), images = Images(*source.model)](
                      const at::Tensor& samples, const at::Tensor&) { return logits_of(*extractor, samples, images); },
          .compare = compare};
}

Loss gap(const LossSource& source, at::Tensor (*score)(const at::Tensor& logits, const at::Tensor& labels)) {
  if (source.model->network.classes == 0) {
    throw config::InputError("--model " + source.model->name +
                             ": is unconditional: a gap asks whether samples show the class that was asked for");
  }
  return {.view =
              [extractor = extractor_of(source), images = Images(*source.model), model = source.model, score](
                  const at::Tensor& samples, const at::Tensor& labels) {
                const auto logits = logits_of(*extractor, samples, images);
                if (logits.size(1) != model->network.classes) {
                  throw config::InputError("--extractor " + extractor->name() + ": knows " +
                                           std::to_string(logits.size(1)) + " classes, the model has " +
                                           std::to_string(model->network.classes));
                }
                return score(logits, labels.cpu());
              },
          .compare = less};
}

constexpr const char* kClassifier = "--extractor that gives logits";

constexpr CalibrationLoss kLosses[] = {
    {"rmse", "root mean squared difference of the pixels, scaled to [0, 1]", "", 1.0, false, make_rmse},
    {"features", "|f(a) - f(b)| / (|f(a)| + |f(b)|) in an extractor's features", "--extractor", 1.0, false,
     make_features},
    {"lpips", "what a network says of both images in [-1, 1]; above 1 it counts as 1", "--network", 1.0, true,
     make_lpips},
    {"consistency", "1 where a classifier sees another class than in the full network's sample", kClassifier, 1.0,
     false, [](const LossSource& source) { return from_logits(source, losses::label_change); }},
    {"consistency_brier", "squared distance of the classifier's probabilities", kClassifier, 2.0, false,
     [](const LossSource& source) { return from_logits(source, losses::brier_distance); }},
    {"gap", "1 where the classifier does not see the class that was asked for, less the same of the full sample",
     kClassifier, 1.0, false, [](const LossSource& source) { return gap(source, losses::right_or_wrong); }},
    {"gap_brier", "Brier score against the class that was asked for, less the full sample's", kClassifier, 2.0, false,
     [](const LossSource& source) { return gap(source, losses::brier_score); }},
};

}  // namespace

std::span<const CalibrationLoss> calibration_losses() { return kLosses; }

std::vector<std::string> calibration_loss_names() {
  std::vector<std::string> names;
  for (const auto& loss : kLosses) {
    names.emplace_back(loss.name);
  }
  return names;
}

const CalibrationLoss& calibration_loss_named(const std::string& name) {
  for (const auto& loss : kLosses) {
    if (name == loss.name) {
      return loss;
    }
  }
  throw config::InputError("--loss: " + config::unknown_name("loss", name, calibration_loss_names()));
}

}  // namespace diffbench::commands
