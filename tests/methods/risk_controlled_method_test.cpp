// A calibrated threshold works for exactly what it was calibrated on.
#include <ATen/ATen.h>
#include <gmock/gmock.h>

#include <fstream>

#include "methods/config/input_error.h"
#include "methods/registry.h"
#include "methods/risk_controlled/calibration_file.h"
#include "methods/risk_controlled/sample_losses.h"
#include "methods/risk_controlled/trajectory_losses.h"
#include "methods/sampling/sampling_conditions.h"
#include "methods/solvers/solver_table.h"
#include "methods/uncertainty_exit/uncertainty_method.h"
#include "tests/methods/test_heads.h"
#include "tests/methods/test_models.h"

namespace diffbench {
namespace {

using methods::risk_controlled::CalibrationRecord;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

class RiskControlled : public ::testing::Test {
 protected:
  RiskControlled()
      : files_({.depth = 4}),
        model_(load_model(files_.path(), resolve_compute("cpu", "fp32"))),
        plan_(solvers::make_plan({.solver = "ddim", .steps = 4}, *model_->schedule)) {
    testing_models::write_random_heads(*model_);
  }

  methods::MethodContext context(int steps = 4, double guidance = 1.0) const {
    const auto plan = solvers::make_plan({.solver = "ddim", .steps = steps}, *model_->schedule);
    return {.model = model_,
            .load = {},
            .where = "suite.toml:9",
            .conditions = sampling_conditions(plan, {.scale = guidance}, model_->compute)};
  }

  nlohmann::json gate_params() const {
    return config::resolve_params(nlohmann::json::object(), methods::uncertainty_exit::gate_params(), "test");
  }

  CalibrationRecord record(std::optional<double> threshold) const {
    return {.threshold = threshold,
            .procedure = "ltt_hb",
            .epsilon = 0.05,
            .delta = 0.1,
            .loss = "rmse",
            .units = 100,
            .seed = 7,
            .risk = 0.01,
            .model = model_->fingerprint,
            .gates = methods::uncertainty_exit::gates_fingerprint(gate_params(), *model_),
            .conditions = context().conditions,
            .gate_params = gate_params()};
  }

  std::string write(const CalibrationRecord& calibration) const {
    const auto file = files_.path() + "/calibration.toml";
    methods::risk_controlled::write_calibration(calibration, file);
    return file;
  }

  at::Tensor sample(Denoiser& denoiser) const {
    PhiloxNoise noise(1, {0, 1, 2, 3}, {1, 8, 8}, model_->compute);
    Trace trace;
    return Sampler(plan_, *model_).run(denoiser, noise, {}, trace);
  }

  testing_models::TemporaryModel files_;
  std::shared_ptr<Model> model_;
  solvers::Plan plan_;
};

TEST_F(RiskControlled, RunsUncertaintyExitAtTheStoredThreshold) {
  write(record(0.55));
  const auto controlled = methods::make_method("risk_controlled", nlohmann::json::object(), context());
  const auto plain = methods::make_method("uncertainty_exit", {{"threshold", 0.55}}, context());
  const auto full = methods::make_method("full", nlohmann::json::object(), context());
  const auto samples = sample(*controlled);
  EXPECT_TRUE(at::equal(samples, sample(*plain)));
  EXPECT_FALSE(at::equal(samples, sample(*full)));
  write(record(std::nullopt));  // nothing qualified
  EXPECT_TRUE(
      at::equal(sample(*methods::make_method("risk_controlled", nlohmann::json::object(), context())), sample(*full)));
}

TEST_F(RiskControlled, OfAFolderTheCalibrationForThisWayOfSamplingIsRead) {
  const std::filesystem::path folder = files_.path() + "/calibrations";
  std::filesystem::create_directory(folder);
  auto other = record(0.1);
  other.conditions = context(7).conditions;
  methods::risk_controlled::write_calibration(other, folder / "a.toml");
  methods::risk_controlled::write_calibration(record(0.55), folder / "b.toml");
  // named within the model's folder
  const auto controlled = methods::make_method("risk_controlled", {{"calibration", "calibrations"}}, context());
  const auto plain = methods::make_method("uncertainty_exit", {{"threshold", 0.55}}, context());
  EXPECT_TRUE(at::equal(sample(*controlled), sample(*plain)));
  EXPECT_THAT(
      [&] {
        methods::make_method("risk_controlled", {{"calibration", folder.string()}}, context(5));
      },
      ThrowsMessage<config::InputError>(HasSubstr("none of the 2 calibrations")));
}

TEST_F(RiskControlled, NeverSkippingUsesTheCalibratedGates) {
  auto elsewhere = record(0.55);
  elsewhere.gate_params["heads"] = files_.path() + "/it's \"elsewhere\"";
  std::filesystem::rename(files_.path() + "/uncertainty", elsewhere.gate_params["heads"].get<std::string>());
  write(elsewhere);
  const auto& entry = methods::find_method("risk_controlled", "test");
  const auto never =
      methods::make_method("risk_controlled", *entry.never_skip(nlohmann::json::object(), *model_), context());
  const auto full = methods::make_method("full", nlohmann::json::object(), context());
  EXPECT_TRUE(at::equal(sample(*never), sample(*full)));
}

TEST_F(RiskControlled, IsRefusedInsideDuoDiff) {
  write(record(0.55));
  auto inside = context();
  inside.load = [&](const std::string& name) { return load_model(name, model_->compute); };
  EXPECT_THAT(
      [&] {
        methods::make_method("duodiff", {{"shallow", files_.path()}, {"deep_method", "risk_controlled"}}, inside);
      },
      ThrowsMessage<config::InputError>(HasSubstr("risk_controlled cannot run inside duodiff")));
}

TEST_F(RiskControlled, WhatIsWrittenIsReadBack) {
  const auto written = record(0.123456789012345678);
  const auto read = methods::risk_controlled::read_calibration(write(written));
  EXPECT_EQ(read.threshold, written.threshold);
  EXPECT_EQ(read.conditions, written.conditions);
  EXPECT_EQ(read.gate_params, written.gate_params);
  EXPECT_EQ(read.units, 100);
  EXPECT_EQ(read.procedure, "ltt_hb");
}

TEST_F(RiskControlled, RefusesAnythingElse) {
  const auto refused = [&](const CalibrationRecord& calibration, const methods::MethodContext& now, const char* text) {
    write(calibration);
    EXPECT_THAT([&] { methods::make_method("risk_controlled", nlohmann::json::object(), now); },
                ThrowsMessage<config::InputError>(AllOf(HasSubstr("suite.toml:9: calibration"), HasSubstr(text))));
  };
  refused(record(0.5), context(5), "another way of sampling");
  refused(record(0.5), context(4, 2.0), "another way of sampling");
  auto other = record(0.5);
  other.model = "0123456789abcdef";
  refused(other, context(), "another checkpoint");
  write(record(0.5));
  testing_models::write_random_heads(*model_, {.time_input = false});
  EXPECT_THAT([&] { methods::make_method("risk_controlled", nlohmann::json::object(), context()); },
              ThrowsMessage<config::InputError>(HasSubstr("another set of gates")));
}

TEST_F(RiskControlled, ConditionsNameEveryCoefficient) {
  const auto plan = [&](const char* solver, const nlohmann::json& params) {
    return solvers::make_plan({.solver = solver, .steps = 4, .params = params}, *model_->schedule);
  };
  const auto conditions = sampling_conditions(plan("ddim", nlohmann::json::object()), {}, model_->compute);
  EXPECT_EQ(conditions, sampling_conditions(plan("ddim", nlohmann::json::object()), {}, model_->compute));
  EXPECT_NE(conditions, sampling_conditions(plan("ddim", {{"eta", 0.1}}), {}, model_->compute));
  EXPECT_NE(conditions, sampling_conditions(plan("ddim", {{"clip_sample", true}}), {}, model_->compute));
  EXPECT_NE(conditions, sampling_conditions(plan("ddpm", nlohmann::json::object()), {}, model_->compute));
}

TEST_F(RiskControlled, LossesArePairedDistancesFromTheFullNetwork) {
  const Sampler sampler(plan_, *model_);
  const auto denoiser = [&](std::optional<double> threshold) {
    return threshold ? methods::make_method("uncertainty_exit", {{"threshold", *threshold}}, context())
                     : methods::make_method("full", nlohmann::json::object(), context());
  };
  const methods::risk_controlled::Loss loss{.view =
                                                [&](const at::Tensor& samples, const at::Tensor& labels) {
                                                  EXPECT_EQ(labels.size(0), samples.size(0));
                                                  return methods::risk_controlled::unit_pixels(samples, model_->image);
                                                },
                                            .compare = methods::risk_controlled::rmse_distance};
  const auto table = methods::risk_controlled::trajectory_losses(
      {.units = 5, .batch = 2, .seed = 3, .thresholds = {0.0, 0.55, 1.0}}, *model_, sampler, denoiser, loss);
  EXPECT_EQ(table.units, 5U);
  for (const double value : table.column(0)) {
    EXPECT_EQ(value, 0.0);  // the same noise: nothing but exits differs
  }
  double sum = 0.0;
  for (const double value : table.column(2)) {
    EXPECT_GE(value, 0.0);
    EXPECT_LE(value, 1.0);
    sum += value;
  }
  EXPECT_GT(sum, 0.0);
  // five blocks: nobody leaves at 0, everybody after the first block at 1
  EXPECT_EQ(table.exits.front(), 1.0);
  EXPECT_LT(table.exits[1], 1.0);
  EXPECT_EQ(table.exits.back(), 0.2);
}

}  // namespace
}  // namespace diffbench
