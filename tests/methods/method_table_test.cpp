// What the table says of its methods: knobs, what decides, planned depths against what really runs, files that were
// read.
#include <ATen/ATen.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <fstream>

#include "methods/config/input_error.h"
#include "methods/registry.h"
#include "methods/risk_controlled/calibration_file.h"
#include "methods/uncertainty_exit/uncertainty_method.h"
#include "tests/methods/test_heads.h"
#include "tests/methods/test_models.h"

namespace diffbench {
namespace {

using methods::Decides;
using methods::PlannedDepth;
using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::ThrowsMessage;

class MethodTable : public ::testing::Test {
 protected:
  MethodTable()
      : files_({.depth = 4}),
        shallow_({.depth = 2, .seed = 9}),
        model_(load_model(files_.path(), resolve_compute("cpu", "fp32"))) {
    testing_models::write_random_heads(*model_);
  }

  methods::MethodContext context() {
    return {.model = model_,
            .load = [this](const std::string& name) { return load_model(name, model_->compute); },
            .where = "test",
            .record = [this](const FileRecord& file) { read_.push_back(file); }};
  }

  std::vector<PlannedDepth> planned(const std::string& method, const json& params) {
    return methods::find_method(method, "test")
        .planned_depths(methods::resolve_method_params(method, params, "test"), context());
  }

  static Decides decides(const std::string& method, const json& params) {
    return methods::find_method(method, "test").decides(methods::resolve_method_params(method, params, "test"));
  }

  // the blocks that a row at time t really runs
  double executed(const std::string& method, const json& params, double t) {
    const c10::InferenceMode inference;
    EvaluationTrace trace;
    const auto denoiser = methods::make_method(method, params, context());
    denoiser->predict({at::zeros({1, 1, 8, 8}), {t}, {}, numbered_members(1)}, trace);
    return trace.blocks_executed;
  }

  std::vector<std::string> roles() const {
    std::vector<std::string> roles;
    for (const auto& file : read_) {
      EXPECT_EQ(file.sha256, data::sha256_of_file(file.path)) << file.path;
      roles.push_back(file.role);
    }
    return roles;
  }

  testing_models::TemporaryModel files_;
  testing_models::TemporaryModel shallow_;
  std::shared_ptr<Model> model_;
  std::vector<FileRecord> read_;
};

TEST_F(MethodTable, AKnobIsAParameterAndItsTextTakesAValue) {
  for (const auto& entry : methods::method_table()) {
    EXPECT_EQ(std::count(entry.knob_text.begin(), entry.knob_text.end(), '{'), 1) << entry.name;
    EXPECT_THAT(entry.knob_text, HasSubstr("{}")) << entry.name;
    const bool has_none = entry.name == "full" || entry.name == "null";
    const bool is_param = std::any_of(entry.params.begin(), entry.params.end(),
                                      [&](const auto& param) { return param.name == entry.knob; });
    EXPECT_EQ(has_none, entry.knob.empty()) << entry.name;
    EXPECT_EQ(is_param, !has_none) << entry.name;
  }
}

TEST_F(MethodTable, WhatDecidesFollowsTheParameters) {
  EXPECT_EQ(decides("full", json::object()), Decides::kTime);
  EXPECT_EQ(decides("block_cache", json::object()), Decides::kTime);
  EXPECT_EQ(decides("random_exit", {{"mean_depth", 2}}), Decides::kRow);
  EXPECT_EQ(decides("risk_controlled", json::object()), Decides::kRow);
  EXPECT_EQ(decides("uncertainty_exit", {{"threshold", 0.1}}), Decides::kRow);
  for (const char* granularity : {"batch_mean", "batch_all", "batch_any"}) {
    EXPECT_EQ(decides("uncertainty_exit", {{"threshold", 0.1}, {"granularity", granularity}}), Decides::kBatch);
  }
  EXPECT_EQ(decides("first_block_cache", json::object()), Decides::kRow);
  EXPECT_EQ(decides("first_block_cache", {{"granularity", "batch_mean"}}), Decides::kBatch);
  // of both networks whatever depends on more
  EXPECT_EQ(decides("duodiff", json::object()), Decides::kTime);
  EXPECT_EQ(decides("duodiff", {{"deep_method", "first_block_cache"}}), Decides::kRow);
  EXPECT_EQ(decides("duodiff", {{"deep_method", "first_block_cache"},
                                {"shallow_method", "first_block_cache"},
                                {"shallow_params", R"({"granularity": "batch_mean"})"}}),
            Decides::kBatch);
  EXPECT_EQ(name_of(Decides::kTime), "time");
  EXPECT_EQ(name_of(Decides::kRow), "row");
  EXPECT_EQ(name_of(Decides::kBatch), "batch");
}

TEST_F(MethodTable, PlannedDepthsAreThoseThatRun) {
  const std::string shallow = shallow_.path();
  const std::vector<std::pair<std::string, json>> cases = {{"full", json::object()},
                                                           {"fixed_exit", {{"exit", 2}}},
                                                           {"static_schedule", json::object()},
                                                           {"static_schedule", {{"schedule", "heavy"}}},
                                                           {"static_schedule", {{"schedule", "light"}}},
                                                           {"static_schedule", {{"depths", {5, 4, 3}}}},
                                                           {"duodiff", {{"shallow", shallow}}},
                                                           {"duodiff", {{"shallow", shallow}, {"switch_t", 2000}}},
                                                           {"duodiff", {{"shallow", shallow}, {"switch_t", 0}}},
                                                           {"duodiff",
                                                            {{"shallow", shallow},
                                                             {"switch_t", 650},
                                                             {"deep_method", "static_schedule"},
                                                             {"deep_params", R"({"schedule": "heavy"})"}}}};
  for (const auto& [method, params] : cases) {
    const auto bins = planned(method, params);
    ASSERT_FALSE(bins.empty()) << method << params;
    EXPECT_EQ(bins.front().from_t, 0.0) << method << params;
    EXPECT_EQ(bins.back().to_t, 1000.0) << method << params;
    for (size_t i = 0; i < bins.size(); ++i) {
      if (i > 0) {
        EXPECT_EQ(bins[i].from_t, bins[i - 1].to_t) << method << params;
      }
      for (const double t : {bins[i].from_t, (bins[i].from_t + bins[i].to_t) / 2, bins[i].to_t - 0.5}) {
        EXPECT_EQ(executed(method, params, t), static_cast<double>(bins[i].blocks)) << method << params << " " << t;
      }
    }
  }
  EXPECT_NE(planned("static_schedule", {{"schedule", "heavy"}}), planned("static_schedule", json::object()));
}

TEST_F(MethodTable, NoPlanWhereTheDepthIsNotAFunctionOfTime) {
  EXPECT_THAT(planned("null", json::object()), IsEmpty());
  EXPECT_THAT(planned("random_exit", {{"mean_depth", 2}}), IsEmpty());
  EXPECT_THAT(planned("uncertainty_exit", {{"threshold", 0.1}}), IsEmpty());
  EXPECT_THAT(planned("block_cache", json::object()), IsEmpty());
  EXPECT_THAT(planned("first_block_cache", json::object()), IsEmpty());
  EXPECT_THAT(planned("duodiff", {{"shallow", shallow_.path()}, {"deep_method", "block_cache"}}), IsEmpty());
}

TEST_F(MethodTable, ResolvedParametersHoldTheDefaults) {
  EXPECT_EQ(methods::resolve_method_params("first_block_cache", {{"threshold", 1}}, "test"),
            (json{{"threshold", 1.0}, {"max_reuses", 0}, {"granularity", "row"}}));
  EXPECT_THAT(
      [] {
        methods::resolve_method_params("block_cache", {{"intervall", 4}}, "suite.toml:3");
      },
      ThrowsMessage<config::InputError>(HasSubstr("suite.toml:3: ")));
  EXPECT_THAT([] { methods::resolve_method_params("block_cash", json::object(), "suite.toml:3"); },
              ThrowsMessage<config::InputError>(HasSubstr("block_cache")));
}

TEST_F(MethodTable, FilesThatAMethodReadsAreReported) {
  methods::make_method("full", json::object(), context());
  EXPECT_THAT(roles(), IsEmpty());
  methods::make_method("uncertainty_exit", {{"threshold", 0.1}}, context());
  EXPECT_THAT(roles(), ElementsAre("gates", "gate weights"));
  read_.clear();
  const json inside = {
      {"shallow", shallow_.path()}, {"deep_method", "uncertainty_exit"}, {"deep_params", R"({"threshold": 0.1})"}};
  methods::make_method("duodiff", inside, context());
  EXPECT_THAT(roles(), ElementsAre("shallow model", "shallow weights", "deep gates", "deep gate weights"));
  read_.clear();
  const auto gates = config::resolve_params(json::object(), methods::uncertainty_exit::gate_params(), "test");
  methods::risk_controlled::write_calibration({.threshold = 0.5,
                                               .procedure = "crc",
                                               .loss = "rmse",
                                               .model = model_->fingerprint,
                                               .gates = methods::uncertainty_exit::gates_fingerprint(gates, *model_),
                                               .conditions = "",
                                               .gate_params = gates},
                                              files_.path() + "/calibration.toml");
  methods::make_method("risk_controlled", json::object(), context());
  EXPECT_THAT(roles(), ElementsAre("calibration", "gates", "gate weights"));
}

TEST_F(MethodTable, AModelNamesItsFiles) {
  const auto roles_of = [](const Model& model) {
    std::vector<std::string> roles;
    for (const auto& file : model.files) {
      EXPECT_EQ(file.sha256, data::sha256_of_file(file.path));
      roles.push_back(file.role);
    }
    return roles;
  };
  EXPECT_THAT(roles_of(*model_), ElementsAre("model", "weights"));
  std::ofstream(files_.path() + "/model.toml", std::ios::app) << "[image]\ndecoder = \"decoder.pt\"\n";
  std::ofstream(files_.path() + "/decoder.pt") << "any bytes";
  EXPECT_THAT(roles_of(*load_model(files_.path(), model_->compute)), ElementsAre("model", "weights", "decoder"));
}

}  // namespace
}  // namespace diffbench
