// Every cache against its authors' code on recorded sequences: what it skips, and what comes out. Rows start one after
// the other and change places, so that a batch holds rows at different places of their trajectories; the authors' code
// saw each of them alone.
#include <gmock/gmock.h>

#include "methods/block_cache/spacing.h"
#include "methods/caches/trajectory_profile.h"
#include "methods/registry.h"
#include "methods/taylor_seer/forecast.h"
#include "methods/token_merge/merge.h"
#include "tests/methods/caches/recorded_network.h"

namespace diffbench {
namespace {

using nlohmann::json;
using recorded::Golden;
using recorded::Place;

double largest_difference(const at::Tensor& a, const at::Tensor& b) { return (a - b).abs().max().item<double>(); }

std::vector<double> numbers(const at::Tensor& values) {
  const auto own = values.to(at::kDouble).contiguous();
  return {own.const_data_ptr<double>(), own.const_data_ptr<double>() + own.numel()};
}

struct Case {
  std::string golden;
  std::string method;
  json params;
  int reused = 0;  // a block or branch that is reused
};

std::ostream& operator<<(std::ostream& out, const Case& one) { return out << one.golden; }

class Authors : public ::testing::TestWithParam<Case> {
 protected:
  Authors() : golden_(GetParam().golden), model_(golden_.model()) {
    auto params = GetParam().params;
    for (const char* list : {"ratios", "coefficients"}) {
      if (golden_.tensors.contains(list)) params[list] = numbers(golden_.tensors.at(list));
    }
    denoiser_ = methods::make_method(GetParam().method, params, {.model = model_, .load = {}, .where = "test"});
    denoiser_->prepare({.rows = golden_.rows(), .times = golden_.times()}, nullptr);
  }

  // of one row: 1 where the reused part ran
  std::string flags(int64_t row) const {
    std::string text;
    for (int64_t place = 0; place < golden_.places(); ++place) {
      text += golden_.tensors.at("computed")[place][row].item<int64_t>() == 1 ? '1' : '0';
    }
    return text;
  }

  // predicts, and notes who ran; one row at a time tells that from the calls of the reused part
  void check(const std::vector<Place>& who) {
    auto& runs = dynamic_cast<recorded::Network&>(*model_->network.backbone).runs;
    runs.clear();
    EvaluationTrace trace;
    const auto eps = denoiser_->predict(golden_.batch(who), trace);
    for (size_t i = 0; i < who.size(); ++i) {
      const auto& [place, row] = who[i];
      const auto expected = golden_.tensors.at("expected")[place][row];
      EXPECT_LT(largest_difference(eps[static_cast<int64_t>(i)].view_as(expected), expected), 1e-5)
          << "place " << place << ", row " << row;
    }
    if (who.size() == 1) ran_[who.front().row] += runs.contains(GetParam().reused) ? '1' : '0';
  }

  const c10::InferenceMode inference_;
  Golden golden_;
  std::shared_ptr<Model> model_;
  std::unique_ptr<Denoiser> denoiser_;
  std::map<int64_t, std::string> ran_;
};

TEST_P(Authors, SkipTheSameAndGiveTheSame) {
  for (int64_t row = 0; row < golden_.rows(); ++row) {
    denoiser_->begin({row});
    for (int64_t place = 0; place < golden_.places(); ++place) check({{.place = place, .row = row}});
    EXPECT_EQ(ran_[row], flags(row)) << "row " << row;
    EXPECT_NE(ran_[row].find('0'), std::string::npos);
  }
}

TEST_P(Authors, RowsAtDifferentPlacesGiveTheSame) {
  denoiser_->begin({0, 1, 2});
  for (int64_t now = 0; now < golden_.places() + 2; ++now) {
    std::vector<Place> who;
    for (int64_t i = 0; i < golden_.rows(); ++i) {
      const int64_t row = (i + now) % golden_.rows();
      if (now >= row && now - row < golden_.places()) who.push_back({.place = now - row, .row = row});
    }
    check(who);
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, Authors,
    ::testing::Values(
        Case{"first_block_cache", "first_block_cache", {{"threshold", 0.12}}, 1},
        Case{"db_cache", "db_cache", {{"front_blocks", 2}, {"back_blocks", 1}, {"threshold", 0.2}, {"warmup", 3}}, 2},
        Case{"db_cache_limits",
             "db_cache",
             {{"front_blocks", 1}, {"threshold", 0.3}, {"warmup", 1}, {"max_cached_steps", 5}},
             1},
        Case{"db_cache_continuous",
             "db_cache",
             {{"front_blocks", 1}, {"threshold", 0.9}, {"warmup", 1}, {"max_continuous_cached_steps", 2}},
             1},
        Case{"db_cache_mask",
             "db_cache",
             {{"front_blocks", 1},
              {"back_blocks", 1},
              {"threshold", 0.1},
              {"warmup", 1},
              {"compute_mask", {1, 1, 0, 0, 1, 0, 0, 0, 1, 0, 1, 0, 0, 1}},
              {"mask_policy", "static"}},
             1},
        Case{"mag_cache", "mag_cache", {{"threshold", 0.08}, {"max_skips", 3}, {"retention", 0.2}}},
        Case{"tea_cache", "tea_cache", {{"threshold", 0.25}}},
        Case{"easy_cache", "easy_cache", {{"threshold", 0.12}, {"warmup", 2}}}, Case{"fora", "fora", {{"interval", 3}}},
        Case{"taylor_seer", "taylor_seer", {{"interval", 4}, {"order", 2}}},
        Case{"taylor_seer_order_4", "taylor_seer", {{"interval", 3}, {"order", 4}}},
        Case{"taylor_seer_hermite", "taylor_seer", {{"interval", 4}, {"order", 2}, {"basis", "hermite"}}},
        Case{"taylor_seer_dmd", "taylor_seer", {{"interval", 7}, {"warmup", 8}, {"basis", "dmd"}}}),
    [](const auto& test) { return test.param.golden; });

// no code of AB-Cache was at hand: its sums at equal distances, and any polynomial of the order at any distances
TEST(AdamsBashforth, ContinuesPolynomials) {
  using methods::taylor_seer::adams_bashforth_weights;
  EXPECT_THAT(adams_bashforth_weights({3, 4}, 5, 1), ::testing::ElementsAre(-1.0, 2.0));
  EXPECT_THAT(adams_bashforth_weights({3, 4, 5}, 6, 2), ::testing::ElementsAre(1.0, -3.0, 3.0));
  EXPECT_THAT(adams_bashforth_weights({1, 3, 4, 5}, 6, 2), ::testing::ElementsAre(0.0, 1.0, -3.0, 3.0));
  const std::vector<int64_t> places{2, 3, 7, 8};
  const auto weights = adams_bashforth_weights(places, 11, 3);
  const auto cubic = [](double x) { return 2.0 * x * x * x - x * x + 5.0; };
  double sum = 0.0;
  for (size_t i = 0; i < places.size(); ++i) sum += weights[i] * cubic(static_cast<double>(places[i]));
  EXPECT_NEAR(sum, cubic(11.0), 1e-9 * cubic(11.0));
}

TEST(DeepCacheSpacing, GathersWholePlacesAsItsCodeDoes) {
  const auto rows = Golden("schedules").tensors.at("quadratic");
  for (int64_t i = 0; i < rows.size(0); ++i) {
    const auto row = numbers(rows[i]);
    const auto places = static_cast<int64_t>(row[0]);
    const auto whole = methods::block_cache::whole_places({.interval = static_cast<int64_t>(row[1]),
                                                           .quadratic = true,
                                                           .power = row[3] / 100.0,
                                                           .center = static_cast<int64_t>(row[2])},
                                                          places);
    for (int64_t place = 0; place < places; ++place) {
      EXPECT_EQ(whole[static_cast<size_t>(place)], row[static_cast<size_t>(4 + place)] == 1.0) << i << " " << place;
    }
  }
}

TEST(SmoothCacheTimetable, IsThatOfItsCode) {
  const auto golden = Golden("schedules");
  std::vector<std::vector<double>> change;
  for (int64_t lag = 0; lag < 3; ++lag) change.push_back(numbers(golden.tensors.at("errors")[lag]));
  const auto expected = golden.tensors.at("smooth");
  for (int64_t i = 0; i < 2; ++i) {
    const auto runs = caches::smooth_timetable(change, i == 0 ? 0.2 : 0.5, expected.size(1));
    int skipped = 0;
    for (int64_t place = 0; place < expected.size(1); ++place) {
      EXPECT_EQ(runs[static_cast<size_t>(place)], expected[i][place].item<int64_t>() == 1) << i << " " << place;
      skipped += runs[static_cast<size_t>(place)] ? 0 : 1;
    }
    EXPECT_GT(skipped, 1);
  }
}

TEST(TokenMerge, MergesAndUnmergesAsTomesd) {
  for (const char* name : {"token_merge_even", "token_merge_odd"}) {
    auto tensors = Golden(name).tensors;
    const auto side = tensors.at("sizes")[0].item<int64_t>();
    const auto merge = methods::token_merge::match(
        tensors.at("metric"), methods::token_merge::partition_of({.width = side, .height = side}, at::kCPU),
        tensors.at("sizes")[1].item<int64_t>());
    const auto merged = merge.merge(tensors.at("x"));
    EXPECT_EQ(merged.size(1), side * side - tensors.at("sizes")[1].item<int64_t>()) << name;
    EXPECT_LT(largest_difference(merge.unmerge(merged * 2.0), tensors.at("unmerged")), 1e-5) << name;
  }
}

// the null half follows the labelled one as FasterCache's denoiser hook of diffusers has it
TEST(GuidanceReuse, ReusesTheNullHalfAsFasterCache) {
  const c10::InferenceMode inference;
  auto golden = Golden("guidance_reuse");
  const auto labelled = golden.tensors.at("labelled");
  const auto null = golden.tensors.at("null");
  const auto rows = golden.rows();
  golden.tensors["entered"] = at::cat({labelled, null}, 1);
  golden.tensors["changes"] = at::zeros_like(golden.tensors["entered"]).unsqueeze(1);
  const auto model = golden.model();
  model->network.channels = labelled.size(2);
  const auto denoiser =
      methods::make_method("guidance_reuse", {{"interval", 3}}, {.model = model, .load = {}, .where = "test"});
  const auto times = golden.times();
  denoiser->prepare({.rows = 2 * rows, .times = times}, nullptr);
  denoiser->couple_halves(true);
  for (int64_t place = 0; place < golden.places(); ++place) {
    Batch batch;
    std::vector<int64_t> labels;
    for (int64_t row = 0; row < 2 * rows; ++row) {
      batch.members.push_back({.sample = row % rows, .unconditional = row >= rows});
      labels.push_back(row);
    }
    batch.t.assign(static_cast<size_t>(2 * rows), times[static_cast<size_t>(place)]);
    batch.labels = at::tensor(labels, at::kLong);
    batch.x = at::zeros({2 * rows, 2, 1, 1});
    EvaluationTrace trace;
    const auto eps = denoiser->predict(batch, trace);
    EXPECT_LT(largest_difference(eps.slice(0, 0, rows), labelled[place]), 1e-6) << place;
    EXPECT_LT(largest_difference(eps.slice(0, rows), golden.tensors.at("expected")[place]), 1e-5) << place;
    const bool whole = golden.tensors.at("computed")[place][0].item<int64_t>() == 1;
    EXPECT_EQ(trace.exit_count[0], whole ? 0 : rows) << place;
    EXPECT_EQ(trace.rows, 2 * rows) << place;
  }
}

}  // namespace
}  // namespace diffbench
