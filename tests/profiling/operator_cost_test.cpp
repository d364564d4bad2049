#include "profiling/operator_cost.h"

#include <gmock/gmock.h>

#include <cmath>

namespace diffbench::profiling {
namespace {

TensorShape floats(std::vector<std::int64_t> sizes) { return {std::move(sizes), 4}; }

using Shapes = std::vector<TensorShape>;

TEST(OperatorCostTest, AMatrixProductIsTwoFlopsPerMultiplyAdd) {
  const Shapes inputs{floats({64, 256}), floats({256, 512})};
  const Shapes outputs{floats({64, 512})};
  const OperationCost cost = operator_cost("aten::mm", inputs, outputs);
  EXPECT_EQ(cost.flops, 2.0 * 64 * 256 * 512);
  EXPECT_EQ(cost.moved_bytes, 4.0 * (64 * 256 + 256 * 512 + 64 * 512));
}

TEST(OperatorCostTest, ProductsWithABiasMultiplyTheirSecondArgument) {
  const Shapes inputs{floats({512}), floats({64, 256}), floats({256, 512})};
  const Shapes outputs{floats({64, 512})};
  EXPECT_EQ(operator_cost("aten::addmm", inputs, outputs).flops, 2.0 * 64 * 256 * 512);
  const Shapes batched{floats({8, 4, 6}), floats({8, 4, 5}), floats({8, 5, 6})};
  EXPECT_EQ(operator_cost("aten::baddbmm_", batched, Shapes{floats({8, 4, 6})}).flops, 2.0 * 8 * 4 * 5 * 6);
}

TEST(OperatorCostTest, LinearAndBatchedProducts) {
  EXPECT_EQ(
      operator_cost("aten::linear", Shapes{floats({2, 10, 32}), floats({48, 32})}, Shapes{floats({2, 10, 48})}).flops,
      2.0 * 2 * 10 * 32 * 48);
  EXPECT_EQ(operator_cost("aten::bmm", Shapes{floats({8, 4, 5}), floats({8, 5, 6})}, Shapes{floats({8, 4, 6})}).flops,
            2.0 * 8 * 4 * 5 * 6);
}

TEST(OperatorCostTest, AConvolutionCountsTheWeightsOfAnOutputChannel) {
  // 3x3 over 6 channels in 2 groups: 27 taps for each of 2*8*10*10 outputs
  const Shapes inputs{floats({2, 6, 12, 12}), floats({8, 3, 3, 3}), floats({8})};
  EXPECT_EQ(operator_cost("aten::mkldnn_convolution", inputs, Shapes{floats({2, 8, 10, 10})}).flops,
            2.0 * 27 * 2 * 8 * 10 * 10);
}

TEST(OperatorCostTest, AttentionIsTwoProducts) {
  const Shapes inputs{floats({2, 4, 16, 8}), floats({2, 4, 20, 8}), floats({2, 4, 20, 6})};
  EXPECT_EQ(operator_cost("aten::scaled_dot_product_attention", inputs, Shapes{floats({2, 4, 16, 6})}).flops,
            2.0 * 2 * 4 * 16 * 20 * (8 + 6));
}

TEST(OperatorCostTest, ElementwiseNormAndUnknown) {
  const Shapes two{floats({3, 5}), floats({5})};
  const OperationCost add = operator_cost("aten::add_", two, Shapes{floats({3, 5})});
  EXPECT_EQ(add.flops, 15.0);
  EXPECT_EQ(add.moved_bytes, 4.0 * (15 + 5 + 15));
  EXPECT_EQ(operator_cost("aten::native_layer_norm", Shapes{floats({3, 5})}, Shapes{floats({3, 5})}).flops, 75.0);
  const OperationCost sort = operator_cost("aten::sort", Shapes{floats({7})}, Shapes{floats({7}), {{7}, 8}});
  EXPECT_TRUE(std::isnan(sort.flops));
  EXPECT_EQ(sort.moved_bytes, 28.0 + 28.0 + 56.0);
}

TEST(OperatorCostTest, MovedBytesAreAFloor) {
  const Shapes copy{floats({10}), {{10}, 4, 1}};  // the source is one element, expanded
  EXPECT_EQ(operator_cost("aten::copy_", copy, Shapes{floats({10})}).moved_bytes, 4.0 + 40.0);
  EXPECT_EQ(operator_cost("aten::zero_", Shapes{floats({10})}, Shapes{floats({10})}).moved_bytes, 40.0);
  const Shapes table{floats({1000, 4}), {{6}, 8}};
  EXPECT_EQ(operator_cost("aten::index_select", table, Shapes{floats({6, 4})}).moved_bytes, 2 * 96.0 + 48.0)
      << "only the rows that are taken";
  EXPECT_EQ(operator_cost("aten::view", Shapes{floats({10})}, Shapes{floats({2, 5})}).moved_bytes, 0.0);
}

TEST(OperatorCostTest, TooFewArgumentsAreNoProduct) {
  EXPECT_TRUE(std::isnan(operator_cost("aten::mm", Shapes{floats({2, 2})}, Shapes{floats({2, 2})}).flops));
  EXPECT_TRUE(std::isnan(operator_cost("aten::scaled_dot_product_attention", Shapes{}, Shapes{}).flops));
  EXPECT_EQ(operator_cost("aten::add", Shapes{}, Shapes{}).flops, 0.0);
}

TEST(OperatorCostTest, ShapesAsText) {
  EXPECT_EQ(shapes_text(Shapes{floats({64, 256}), floats({}), {{3}, 2}}), "[64,256]*4 []*4 [3]*2");
  EXPECT_EQ(shapes_text(Shapes{}), "");
}

TEST(OperatorCostTest, KnowsWhatTouchesNoElement) {
  EXPECT_TRUE(is_metadata_operator("aten::empty"));
  EXPECT_TRUE(is_metadata_operator("aten::unsqueeze_"));
  EXPECT_TRUE(is_metadata_operator("aten::t"));
  EXPECT_FALSE(is_metadata_operator("aten::addmm"));
  EXPECT_FALSE(is_metadata_operator("row_copy"));
}

}  // namespace
}  // namespace diffbench::profiling
