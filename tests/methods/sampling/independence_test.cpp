// Every method of the registry gives each sample for itself, and a method that does not is caught.
#include "methods/sampling/independence.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>

#include "methods/backbones/block_trace.h"
#include "methods/caches/calibration.h"
#include "methods/registry.h"
#include "methods/risk_controlled/calibration_file.h"
#include "methods/sampling/guidance.h"
#include "methods/sampling/row_memory.h"
#include "methods/sampling/sampling_conditions.h"
#include "methods/solvers/solver_table.h"
#include "methods/uncertainty_exit/uncertainty_method.h"
#include "tests/methods/test_heads.h"
#include "tests/methods/test_models.h"

namespace diffbench {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

struct Variant {
  std::string method;
  json params;
};

class Independence : public ::testing::Test {
 protected:
  Independence()
      : files_({.depth = 4}),
        shallow_({.depth = 2, .seed = 9}),
        model_(load_model(files_.path(), resolve_compute("cpu", "fp64"))) {
    testing_models::write_random_heads(*model_);
  }

  Sampler sampler(const std::string& solver) const {
    return {solvers::make_plan({.solver = solver, .steps = 5}, *model_->schedule), *model_};
  }

  methods::MethodContext context(const Sampler& sampler, const Guidance& guidance) const {
    return {.model = model_,
            .load = [this](const std::string& name) { return load_model(name, model_->compute); },
            .where = "test",
            .conditions = sampling_conditions(sampler.plan(), guidance, model_->compute)};
  }

  // a threshold that lets some rows leave, held to hold for these conditions
  void write_calibration(const methods::MethodContext& context) const {
    const auto gates = config::resolve_params(json::object(), methods::uncertainty_exit::gate_params(), "test");
    methods::risk_controlled::write_calibration({.threshold = 0.5,
                                                 .procedure = "ltt_hb",
                                                 .loss = "rmse",
                                                 .model = model_->fingerprint,
                                                 .gates = methods::uncertainty_exit::gates_fingerprint(gates, *model_),
                                                 .conditions = context.conditions,
                                                 .gate_params = gates},
                                                files_.path() + "/calibration.toml");
  }

  // of five times, every second of which runs its attentions alone
  std::string write_mask() const {
    const auto file = files_.path() + "/layer_mask.toml";
    caches::write_calibration({.method = "layer_mask",
                               .model = model_->fingerprint,
                               .conditions = "test",
                               .places = 5,
                               .runs = {"1111111111", "1010101010", "1111111111", "1010101010", "1111111111"}},
                              file);
    return file;
  }

  // the methods of the registry where they skip, and what their parameters make of them besides
  std::vector<Variant> variants() const {
    std::vector<Variant> all;
    for (const auto& entry : methods::method_table()) {
      auto given = json::object();
      if (entry.name == "duodiff") {
        given["shallow"] = shallow_.path();
      }
      if (entry.name == "layer_mask") {
        given["mask"] = write_mask();
      }
      all.push_back({entry.name, entry.skipping(given, *model_)});
    }
    const json gates = {{"threshold", 0.5}};
    const auto with = [](json params, const json& more) {
      params.update(more);
      return params;
    };
    all.push_back({"uncertainty_exit", with(gates, {{"reads", "previous_evaluation"}})});
    all.push_back({"uncertainty_exit", with(gates, {{"granularity", "batch_mean"}})});
    all.push_back({"uncertainty_exit", with(gates, {{"compaction", "never"}, {"patience", 2}})});
    all.push_back({"block_cache", {{"interval", 3}, {"keep", "deep"}}});
    all.push_back({"taylor_seer", {{"interval", 3}, {"warmup", 1}, {"basis", "dmd"}}});
    all.push_back({"db_cache", {{"front_blocks", 2}, {"back_blocks", 1}, {"threshold", 0.5}, {"warmup", 0}}});
    all.push_back(
        {"guidance_reuse",
         {{"interval", 2}, {"below_t", 1e9}, {"method", "first_block_cache"}, {"params", R"({"threshold": 0.5})"}}});
    all.push_back({"first_block_cache", {{"threshold", 0.5}, {"max_reuses", 1}}});
    all.push_back({"first_block_cache", {{"threshold", 0.5}, {"granularity", "batch_mean"}}});
    all.push_back({"duodiff",
                   {{"shallow", shallow_.path()},
                    {"switch_t", 500},
                    {"shallow_method", "block_cache"},
                    {"deep_method", "uncertainty_exit"},
                    {"deep_params", R"({"threshold": 0.5, "reads": "previous_evaluation"})"}}});
    return all;
  }

  IndependenceRequest request(const Variant& variant, const methods::MethodContext& context, const Guidance& guidance,
                              const Sampler& with) const {
    const auto params = methods::resolve_method_params(variant.method, variant.params, "test");
    const auto decides = methods::find_method(variant.method, "test").decides(params);
    return {.make =
                [=, this, times = times_of(with.plan())] {
                  auto denoiser =
                      guide(methods::make_method(variant.method, params, context), guidance, *model_, "test");
                  denoiser->prepare({.rows = 4, .times = times}, nullptr);
                  return denoiser;
                },
            .seed = 7,
            .decides_by_batch = decides == methods::Decides::kBatch,
            .tolerance = 1e-9,
            .thorough = true};
  }

  // of the FLOPs of the full network
  double cost_share(Denoiser& denoiser, const Sampler& with) const {
    PhiloxNoise noise(7, {0, 1, 2, 3}, {1, 8, 8}, model_->compute);
    Trace trace;
    with.run(denoiser, noise, default_labels({0, 1, 2, 3}, 3, model_->compute), trace);
    double flops = 0.0;
    double rows = 0.0;
    for (const auto& evaluation : trace) {
      flops += evaluation.flops;
      rows += static_cast<double>(evaluation.rows);
    }
    return flops / rows / backbones::full_flops(*model_->network.backbone);
  }

  testing_models::TemporaryModel files_;
  testing_models::TemporaryModel shallow_;
  std::shared_ptr<Model> model_;
};

TEST_F(Independence, EveryMethodGivesEachSampleForItself) {
  const std::vector<Guidance> guidances = {{},
                                           {.scale = 2.0},
                                           {.scale = 2.0, .from_t = 300.0, .to_t = 700.0},
                                           {.scale = 2.0, .from_t = 300.0, .to_t = 700.0, .joint_exits = false}};
  for (const char* solver : {"ddim", "ddpm"}) {
    const auto with = sampler(solver);
    for (size_t i = 0; i < (with.plan().noise_draws > 0 ? 1 : guidances.size()); ++i) {
      const auto here = context(with, guidances[i]);
      write_calibration(here);
      for (const auto& variant : variants()) {
        const auto fault = find_dependence(request(variant, here, guidances[i], with), with, *model_);
        EXPECT_EQ(fault.value_or(""), "") << variant.method << " " << variant.params << " " << solver << " " << i;
      }
    }
  }
}

// without this the test above would compare nothing but `full`
TEST_F(Independence, TheMethodsReallySkip) {
  const auto with = sampler("ddim");
  const auto here = context(with, {});
  write_calibration(here);
  for (const auto& variant : variants()) {
    const auto share = cost_share(*request(variant, here, {}, with).make(), with);
    // nothing is reused of a guidance that is not there
    const bool never = variant.method == "full" || variant.method == "null" || variant.method == "guidance_reuse";
    EXPECT_TRUE(never || (share > 0.0 && share < 0.97)) << variant.method << " " << variant.params << " " << share;
  }
}

// As a README may show it: what blocks did two evaluations ago is added again at every other one.
class Careless : public Denoiser {
 public:
  enum class Fault { kBeginForgotten, kByPlace, kByMemberBeginForgotten, kMeanOfTheBatch, kNone };
  Careless(std::shared_ptr<backbones::Backbone> backbone, Fault fault)
      : backbone_(std::move(backbone)), fault_(fault) {}

  void begin(const std::vector<int64_t>& samples) override {
    if (fault_ == Fault::kByPlace || fault_ == Fault::kMeanOfTheBatch) {
      evaluation_ = 0;
    } else if (fault_ == Fault::kNone) {
      memory_.forget(samples);
    }
  }

  at::Tensor predict(const Batch& batch, EvaluationTrace& trace) override {
    backbones::BlockTrace counted(*backbone_, batch.t, trace);
    auto hidden = backbone_->embed(batch.x, batch.t, batch.labels);
    if (fault_ == Fault::kNone || fault_ == Fault::kByMemberBeginForgotten) {
      if (memory_.knows_all(batch.members)) {
        hidden.tokens = hidden.tokens + memory_.recall(batch.members)[0];
        memory_ = {};
      } else {
        memory_.keep(batch.members, {run(hidden)});
      }
      return backbone_->head(hidden);
    }
    if (batch.x.size(0) != rows_) {
      rows_ = batch.x.size(0);
      evaluation_ = 0;
    }
    if (evaluation_++ % 2 == 0) {
      change_ = run(hidden);
      if (fault_ == Fault::kMeanOfTheBatch) {
        change_ = change_.mean(0, true).expand_as(change_);
      }
    } else {
      hidden.tokens = hidden.tokens + change_;
    }
    return backbone_->head(hidden);
  }

 private:
  at::Tensor run(backbones::Hidden& hidden) {
    const auto entered = hidden.tokens;
    for (int block = 0; block < backbone_->block_count(); ++block) {
      backbone_->run_block(block, hidden);
    }
    return hidden.tokens - entered;
  }

  std::shared_ptr<backbones::Backbone> backbone_;
  Fault fault_;
  int64_t evaluation_ = 0;
  int64_t rows_ = 0;
  at::Tensor change_;
  RowMemory memory_;
};

TEST_F(Independence, TheShortFormCatchesAForgottenReset) {
  for (const char* precision : {"fp32", "bf16", "fp64"}) {
    const auto model = load_model(files_.path(), resolve_compute("cpu", precision));
    for (const int steps : {4, 5}) {  // an even number leaves a count of evaluations as it found it
      const Sampler with(solvers::make_plan({.solver = "ddim", .steps = steps}, *model->schedule), *model);
      const auto fault = [&](Careless::Fault kind, bool thorough = false) {
        return find_dependence({.make = [&] { return std::make_unique<Careless>(model->network.backbone, kind); },
                                .tolerance = 1e-3,
                                .thorough = thorough},
                               with, *model)
            .value_or("");
      };
      EXPECT_THAT(fault(Careless::Fault::kBeginForgotten), HasSubstr("begin() must forget")) << precision << steps;
      EXPECT_THAT(fault(Careless::Fault::kByMemberBeginForgotten), HasSubstr("begin() must forget"))
          << precision << steps;
      EXPECT_EQ(fault(Careless::Fault::kNone), "") << precision << steps;
      if (std::string(precision) != "bf16") {
        EXPECT_THAT(fault(Careless::Fault::kMeanOfTheBatch), HasSubstr("other samples in another company"));
      }
      if (std::string(precision) == "fp64") {  // right until rows come and go
        EXPECT_EQ(fault(Careless::Fault::kByPlace), "");
        EXPECT_THAT(fault(Careless::Fault::kByPlace, true), HasSubstr("other samples in another company"));
      }
    }
  }
}

TEST_F(Independence, AMethodMaySayThatItDecidesByBatch) {
  const auto with = sampler("ddim");
  const Variant mean{"first_block_cache", {{"threshold", 0.5}, {"granularity", "batch_mean"}}};
  auto asked = request(mean, context(with, {}), {}, with);
  EXPECT_TRUE(asked.decides_by_batch);
  EXPECT_EQ(find_dependence(asked, with, *model_).value_or(""), "");
}

TEST_F(Independence, SamplesThatAreNotNumbersAreNamed) {
  class Broken : public Denoiser {
    at::Tensor predict(const Batch& batch, EvaluationTrace&) override { return at::full_like(batch.x, NAN); }
  };
  EXPECT_EQ(find_dependence({.make = [] { return std::make_unique<Broken>(); }}, sampler("ddim"), *model_),
            "samples are not finite");
}

}  // namespace
}  // namespace diffbench
