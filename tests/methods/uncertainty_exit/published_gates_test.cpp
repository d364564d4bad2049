// AdaDiff's and RC-EENN's networks with their gates, one file each, against the authors' code (make_goldens.py).
#include "methods/uncertainty_exit/published_gates.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>

#include "methods/config/input_error.h"
#include "methods/data/tensor_file.h"
#include "methods/model/tensors.h"
#include "methods/registry.h"
#include "tests/methods/test_models.h"

namespace diffbench {
namespace {

namespace fs = std::filesystem;
using methods::uncertainty_exit::published_gates;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

const fs::path kGoldens = fs::path(DIFFBENCH_TESTS_DIR) / "methods/uncertainty_exit/goldens";

class GatesTest : public ::testing::Test {
 protected:
  explicit GatesTest(const std::string& name)
      : model_(load_model(kGoldens / name, resolve_compute("cpu", "fp32"))),
        io_(data::read_tensors(kGoldens / name / "io.safetensors")) {
    const auto times = golden("t").to(at::kDouble);
    t_.assign(times.data_ptr<double>(), times.data_ptr<double>() + times.numel());
  }

  at::Tensor golden(const std::string& name) const { return to_tensor(io_.at(name)); }
  at::Tensor predict(const nlohmann::json& params, EvaluationTrace& trace) const {
    const c10::InferenceMode inference;
    return methods::make_method("uncertainty_exit", params, {.model = model_, .load = {}, .where = "test"})
        ->predict({golden("x"), t_, {}, numbered_members(4)}, trace);
  }
  static double difference(const at::Tensor& a, const at::Tensor& b) { return (a - b).abs().max().item<double>(); }

  std::shared_ptr<Model> model_;
  data::NamedTensors io_;
  std::vector<double> t_;
};

class PublishedGates : public GatesTest, public ::testing::WithParamInterface<const char*> {
 protected:
  PublishedGates() : GatesTest(GetParam()) {}
};

TEST_P(PublishedGates, SayAndGiveWhatTheAuthorsCodeDoes) {
  const c10::InferenceMode inference;
  auto& backbone = *model_->network.backbone;
  const auto gates = published_gates(*model_);
  gates->prepare_times(t_);
  auto hidden = backbone.embed(golden("x"), t_, {});
  const int last = backbone.block_count() - 1;
  for (int block = 0; block <= last; ++block) {
    backbone.run_block(block, hidden);
    if (block < last) {
      EXPECT_LT(difference(gates->uncertainty(block, hidden), golden("u").select(1, block)), 1e-5) << block;
      EXPECT_LT(difference(gates->head(backbone, block, hidden), golden("exit_eps")[block]), 1e-4) << block;
    }
  }
  EXPECT_LT(difference(backbone.head(hidden), golden("eps")), 1e-4);
}

TEST_P(PublishedGates, DecideExitsOfUncertaintyExit) {
  const auto u = golden("u");
  const double threshold = u.select(1, 0).mean().item<double>();  // between rows
  EvaluationTrace trace;
  const auto eps = predict({{"threshold", threshold}}, trace);
  int64_t early = 0;
  for (int64_t row = 0; row < 4; ++row) {
    int64_t block = 0;
    while (block < u.size(1) && !(u[row][block].item<double>() < threshold)) ++block;
    const auto expected = block < u.size(1) ? golden("exit_eps")[block][row] : golden("eps")[row];
    EXPECT_LT(difference(eps[row], expected), 1e-4) << row;
    early += block == 0 ? 1 : 0;
  }
  EXPECT_EQ(trace.exit_count[1], early);
  EXPECT_GT(trace.probe_flops, 0.0);
  EvaluationTrace never;
  EXPECT_LT(difference(predict({{"threshold", 0.0}}, never), golden("eps")), 1e-4);
}

INSTANTIATE_TEST_SUITE_P(Kinds, PublishedGates, ::testing::Values("adadiff", "rc_eenn"),
                         [](const auto& kind) { return std::string(kind.param); });

class AdaDiff : public GatesTest {
 protected:
  AdaDiff() : GatesTest("adadiff") {}
};

// the rule of AdaDiff's forward at several thresholds on its confidence, a row at a time
TEST_F(AdaDiff, LeavesWhereItsOwnForwardLeaves) {
  int thresholds = 0;
  for (const auto& [name, expected] : io_) {
    if (!name.starts_with("leaves_")) continue;
    ++thresholds;
    EvaluationTrace trace;
    const auto eps =
        predict({{"threshold", 1.0 - std::stod(name.substr(7))}, {"patience", 2}, {"patience_until", 2}}, trace);
    EXPECT_LT(difference(eps, to_tensor(expected)), 1e-4) << name;
    EXPECT_EQ(trace.exit_count[1], 0);  // one hit is not enough
  }
  EXPECT_EQ(thresholds, 4);
}

TEST_F(AdaDiff, GatesInTheWeightsAreSaidInModelToml) {
  const testing_models::TemporaryFolder folder;
  for (const auto& entry : fs::directory_iterator(kGoldens / "adadiff")) {
    fs::copy(entry.path(), folder.path() / entry.path().filename());
  }
  const auto load_with = [&](const std::string& gates) {
    std::ifstream in(kGoldens / "adadiff" / "model.toml");
    std::string text{std::istreambuf_iterator<char>(in), {}};
    const std::string line = "gates = \"adadiff\"";
    text.replace(text.find(line), line.size(), gates);
    fs::remove(folder.path() / "model.toml");
    std::ofstream(folder.path() / "model.toml") << text;
    return load_model(folder.path(), resolve_compute("cpu", "fp32"));
  };
  EXPECT_THAT([&] { load_with(""); },
              ThrowsMessage<config::InputError>(HasSubstr("surplus: lte_classifer.0.lte.bias")));
  EXPECT_THAT([&] { load_with("gates = \"adadif\""); },
              ThrowsMessage<config::InputError>(HasSubstr("[weights] gates: unknown kind of gates 'adadif'")));
  EXPECT_THAT([&] { load_with("gates = \"rc_eenn\""); },
              ThrowsMessage<config::InputError>(HasSubstr("surplus: lte_classifer.0.lte.bias")));
}

}  // namespace
}  // namespace diffbench
