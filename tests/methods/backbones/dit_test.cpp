// What the goldens leave open of DiT: bad files, the fixed position table, cost, and rows that leave at different
// blocks.
#include "methods/backbones/dit.h"

#include <ATen/record_function.h>
#include <gmock/gmock.h>

#include "methods/config/input_error.h"
#include "methods/data/safetensors.h"
#include "methods/model/tensors.h"
#include "methods/registry.h"
#include "tests/methods/test_heads.h"
#include "tests/methods/test_models.h"

namespace diffbench {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

// a golden case, copied so that a test can spoil it
class GoldenCopy {
 public:
  explicit GoldenCopy(const std::string& name) {
    fs::copy(fs::path(DIFFBENCH_TESTS_DIR) / "methods/backbones/goldens" / name, folder_.path());
  }
  data::NamedTensors weights() const { return data::read_safetensors(folder_.path() / "weights.safetensors"); }
  void set_weights(const data::NamedTensors& weights) const {
    const auto file = folder_.path() / "weights.safetensors";
    fs::remove(file);
    data::write_safetensors(file, weights);
  }
  void replace_in_toml(const std::string& from, const std::string& to) const {
    std::ifstream in(folder_.path() / "model.toml");
    std::string text{std::istreambuf_iterator<char>(in), {}};
    text.replace(text.find(from), from.size(), to);
    std::ofstream(folder_.path() / "model.toml") << text;
  }
  std::shared_ptr<Model> load() const { return load_model(folder_.path(), resolve_compute("cpu", "fp32")); }

 private:
  testing_models::TemporaryFolder folder_;
};

struct Input {
  at::Tensor x;
  std::vector<double> t;
  at::Tensor labels;
};

Input input_for(const Model& model, std::vector<double> t) {
  at::manual_seed(3);
  const auto rows = static_cast<int64_t>(t.size());
  const auto& network = model.network;
  return {at::randn({rows, network.channels, network.image_size, network.image_size}), std::move(t),
          at::arange(rows, at::TensorOptions(at::kLong)) % network.classes};
}

at::Tensor predict(const std::shared_ptr<Model>& model, const std::string& method, const nlohmann::json& params,
                   const Input& input, EvaluationTrace& trace) {
  const auto denoiser =
      methods::make_method(method, params,
                           {.model = model,
                            .load = [&](const std::string& name) { return load_model(name, model->compute); },
                            .where = "test"});
  const c10::InferenceMode inference;
  return denoiser->predict({input.x, input.t, input.labels, numbered_members(input.x.size(0))}, trace);
}

at::Tensor full(const std::shared_ptr<Model>& model, const Input& input) {
  EvaluationTrace trace;
  return predict(model, "full", nlohmann::json::object(), input, trace);
}

TEST(DiT, EveryMismatchOfTheWeightsIsListed) {
  const GoldenCopy files("dit_base");
  auto weights = files.weights();
  weights.erase("blocks.2.adaLN_modulation.1.bias");
  weights["norm.weight"] = data::RawTensor::make(data::DType::f32, {8});
  weights["pos_embed"] = data::RawTensor::make(data::DType::f32, {1, 15, 8});
  weights["final_layer.linear.bias"] = data::RawTensor::make(data::DType::f32, {8});
  files.set_weights(weights);
  EXPECT_THAT([&] { files.load(); },
              ThrowsMessage<config::InputError>(AllOf(HasSubstr("missing: blocks.2.adaLN_modulation.1.bias;"),
                                                      HasSubstr("surplus: norm.weight;"),
                                                      HasSubstr("pos_embed is [1, 15, 8] instead of [1, 16, 8]"),
                                                      HasSubstr("final_layer.linear.bias is [8] instead of [16]"))));
}

TEST(DiT, MistakesInModelTomlAreNamed) {
  const auto expect_error = [](const std::string& from, const std::string& to, const std::string& message) {
    const GoldenCopy files("dit_base");
    files.replace_in_toml(from, to);
    EXPECT_THAT([&] { files.load(); }, ThrowsMessage<config::InputError>(HasSubstr(message)));
  };
  expect_error("heads = 2", "heads = 2\nqkv_bias = false", "[backbone] qkv_bias: is always true for dit");
  expect_error("width = 8", "width = 6", "[backbone] width: must be a multiple of 4");
  expect_error("heads = 2", "heads = 3", "[backbone] heads: must divide width");
  expect_error("patch_size = 2", "patch_size = 3", "[backbone] patch_size: must divide image_size");
  expect_error("classes = 10", "classes = -1", "[backbone] classes: must be 0 (unconditional)");
  expect_error("classes = 10", "classes = 9", "y_embedder.embedding_table.weight is [11, 8] instead of [10, 8]");
  expect_error("learned_sigma = true", "learned_sigma = 1", "learned_sigma");
  expect_error("heads = 2", "heads = 2\nfinal_conv = true", "final_conv");  // an option of U-ViT
  expect_error("heads = 2", "heads = 2\nguidance_channels = 3", "guidance_channels: must be 0 (all) to channels");
  expect_error("learned_sigma = true", "", "final_layer.linear.weight is [16, 8] instead of [8, 8]");
}

TEST(DiT, ThePositionTableMayBeInTheFileOrNot) {
  const GoldenCopy without("dit_fixed_positions");
  const auto model = without.load();
  const auto input = input_for(*model, {999, 20});
  const auto expected = full(model, input);
  auto weights = without.weights();
  ASSERT_FALSE(weights.contains("pos_embed"));
  weights["pos_embed"] = to_raw(backbones::sincos_position_table(4, 12));
  without.set_weights(weights);
  EXPECT_TRUE(at::equal(full(without.load(), input), expected));
  weights["pos_embed"] = to_raw(at::zeros({1, 16, 12}));
  without.set_weights(weights);
  EXPECT_GT((full(without.load(), input) - expected).abs().max().item<double>(), 1e-3);
}

TEST(DiT, PositionTableByHand) {
  // token 5 of a 4 x 4 grid lies in row 1, column 1; token 6 in row 1, column 2
  const auto table = backbones::sincos_position_table(4, 8);
  EXPECT_EQ(table.sizes(), (std::vector<int64_t>{1, 16, 8}));
  const auto expected = at::tensor({std::sin(2.0), std::sin(0.02), std::cos(2.0), std::cos(0.02), std::sin(1.0),
                                    std::sin(0.01), std::cos(1.0), std::cos(0.01)});
  EXPECT_LT((table[0][6] - expected).abs().max().item<double>(), 1e-7);
}

TEST(DiT, AnAbsentLabelIsTheNullLabel) {
  const auto model = GoldenCopy("dit_base").load();
  EXPECT_EQ(model->network.classes, 10);
  auto input = input_for(*model, {999, 20});
  input.labels = at::full({2}, 10, at::TensorOptions(at::kLong));
  const auto expected = full(model, input);
  input.labels = at::Tensor();
  EXPECT_TRUE(at::equal(full(model, input), expected));
}

TEST(DiT, LearnedSigmaDoublesTheChannelsOfEveryMethod) {
  const GoldenCopy files("dit_base");
  const auto model = files.load();
  EXPECT_TRUE(model->network.learned_sigma);
  EXPECT_FALSE(GoldenCopy("dit_fixed_sigma").load()->network.learned_sigma);
  const auto input = input_for(*model, {999, 20, 300});
  const auto expected = full(model, input);
  EXPECT_EQ(expected.sizes(), (std::vector<int64_t>{3, 4, 8, 8}));
  testing_models::write_random_heads(*model);
  for (const auto& entry : methods::method_table()) {
    EvaluationTrace trace;
    auto given = nlohmann::json::object();
    if (entry.name == "duodiff") {
      given["shallow"] = model->name;
    }
    if (const auto params = entry.never_skip(given, *model)) {
      EXPECT_TRUE(at::equal(expected, predict(model, entry.name, *params, input, trace))) << entry.name;
    }
  }
  EvaluationTrace trace;
  EXPECT_EQ(predict(model, "null", nlohmann::json::object(), input, trace).sizes(), expected.sizes());
  // the same network on both sides of the switch: rows are put back in place, both halves of their channels
  const auto both = predict(model, "duodiff", {{"shallow", model->name}, {"switch_t", 250}}, input, trace);
  EXPECT_LT((both - expected).abs().max().item<double>(), 1e-5);
}

TEST(DiT, DuoDiffNeedsLearnedSigmaOnBothSidesOrNeither) {
  const auto model = GoldenCopy("dit_base").load();
  const GoldenCopy other("dit_fixed_sigma");
  EvaluationTrace trace;
  EXPECT_THAT(
      [&] {
        predict(model, "duodiff", {{"shallow", other.load()->name}}, {}, trace);
      },
      ThrowsMessage<config::InputError>(HasSubstr("differ in image shape, classes")));
}

TEST(DiT, RowsThatLeaveAtDifferentBlocksKeepTheirOwnCondition) {
  const auto model = GoldenCopy("dit_base").load();
  const auto input = input_for(*model, {999, 100, 700, 3});  // t < 500 runs all 3 blocks, t >= 500 one
  EvaluationTrace trace;
  const auto together = predict(model, "static_schedule", {{"depths", {3, 1}}}, input, trace);
  EXPECT_EQ(trace.exit_count, (std::vector<int64_t>{0, 2, 0, 2}));
  for (int64_t row = 0; row < 4; ++row) {
    const Input own{
        input.x.slice(0, row, row + 1), {input.t[static_cast<size_t>(row)]}, input.labels.slice(0, row, row + 1)};
    EvaluationTrace ignored;
    const auto alone = predict(model, "fixed_exit", {{"exit", own.t[0] < 500 ? 3 : 1}}, own, ignored);
    EXPECT_LT((together[row] - alone[0]).abs().max().item<double>(), 1e-5) << row;
  }
}

// adds up 2 * multiply-adds of every matrix product that LibTorch dispatches
class FlopCounter {
 public:
  FlopCounter() {
    flops_ = 0.0;
    handle_ = at::addThreadLocalCallback(at::RecordFunctionCallback([](const at::RecordFunction& call) {
                                           count(call);
                                           return std::unique_ptr<at::ObserverContext>();
                                         })
                                             .needsInputs(true)
                                             .scopes({at::RecordScope::FUNCTION}));
  }
  ~FlopCounter() { at::removeCallback(handle_); }
  static double flops() { return flops_; }

 private:
  static void count(const at::RecordFunction& call) {
    const std::string_view name = call.name();
    const auto multiply_adds = [&](size_t left, size_t right) {
      return static_cast<double>(call.inputs()[left].toTensor().numel() * call.inputs()[right].toTensor().size(1));
    };
    if (name == "aten::mm") {
      flops_ += 2.0 * multiply_adds(0, 1);
    } else if (name == "aten::addmm") {
      flops_ += 2.0 * multiply_adds(1, 2);
    } else if (name == "aten::conv2d") {  // patches do not overlap: every input value meets every output channel once
      const auto weight = call.inputs()[1].toTensor();
      flops_ += 2.0 * static_cast<double>(call.inputs()[0].toTensor().numel() * weight.size(0));
    } else if (name == "aten::scaled_dot_product_attention") {
      const auto q = call.inputs()[0].toTensor();  // [B, H, L, D]
      flops_ += 4.0 * static_cast<double>(q.numel() * q.size(2));
    }
  }
  static double flops_;
  at::CallbackHandle handle_;
};
double FlopCounter::flops_ = 0.0;

TEST(DiT, FlopsAreThoseOfTheMatrixProductsThatRun) {
  for (const std::string name : {"dit_base", "dit_patch_4", "dit_fixed_sigma"}) {
    const auto model = GoldenCopy(name).load();
    const auto input = input_for(*model, {999, 3});
    for (const int exit : {1, 3}) {
      EvaluationTrace trace;
      const FlopCounter counter;
      predict(model, "fixed_exit", {{"exit", exit}}, input, trace);
      EXPECT_DOUBLE_EQ(trace.flops, FlopCounter::flops()) << name << " exit " << exit;
    }
  }
}

TEST(DiT, ParameterBytesAreTheFiles) {
  const auto model = GoldenCopy("dit_unconditional").load();
  const auto& backbone = *model->network.backbone;
  double counted = backbone.embed_cost().parameter_bytes + backbone.head_cost().parameter_bytes;
  for (int i = 0; i < backbone.block_count(); ++i) {
    counted += backbone.cost(i).parameter_bytes;
  }
  double held = 0.0;
  for (const auto& parameter : model->network.module->parameters()) {
    held += static_cast<double>(parameter.nbytes());
  }
  EXPECT_DOUBLE_EQ(counted, held);
}

TEST(DiT, FlopsOfThePublishedSizes) {
  // Table 4 of arXiv 2212.09748, on 32 x 32 x 4 latents; its Gflops are 10^9 multiply-adds
  struct Published {
    int64_t width, depth, heads, patch_size;
    double gflops;
  };
  for (const auto& size : {Published{384, 12, 6, 2, 6.06}, Published{768, 12, 12, 4, 5.56},
                           Published{1024, 24, 16, 2, 80.71}, Published{1152, 28, 16, 2, 118.64}}) {
    const backbones::DiTOptions options{.image_size = 32,
                                        .channels = 4,
                                        .patch_size = size.patch_size,
                                        .width = size.width,
                                        .depth = size.depth,
                                        .heads = size.heads,
                                        .classes = 1000,
                                        .learned_sigma = true};
    const double flops = dit_embed_cost(options, 4.0).flops + dit_head_cost(options, 4.0).flops +
                         static_cast<double>(size.depth) * dit_block_cost(options, 4.0).flops;
    EXPECT_NEAR(flops / 2e9, size.gflops, 0.005 * size.gflops) << size.width << "/" << size.patch_size;
  }
}

}  // namespace
}  // namespace diffbench
