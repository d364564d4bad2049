#include "methods/data/tensor_file.h"

#include <gmock/gmock.h>

#include "tests/methods/data/data_testing.h"

namespace diffbench::data {
namespace {

using ::testing::HasSubstr;

TEST(TensorFile, ChoosesTheFormatByTheExtension) {
  EXPECT_EQ(read_tensors(golden("types.pth")), read_tensors(golden("types.safetensors")));
  EXPECT_EQ(read_tensors(golden("arrays_stored.npz")), read_tensors(golden("arrays.safetensors")));
  EXPECT_THAT(error_of([] { read_tensors(golden("torchscript.pt")); }), HasSubstr("TorchScript"));
  EXPECT_THAT(error_of([] { read_tensors("noise.safetensor"); }), HasSubstr("did you mean '.safetensors'"));
  EXPECT_THAT(error_of([] { read_tensors("noise"); }), HasSubstr("noise: unknown tensor file extension ''"));
}

TEST(TensorFile, RequireChecksNameTypeAndShape) {
  NamedTensors tensors;
  tensors["noise"] = RawTensor::make(DType::f32, {4, 1, 28, 28});
  const auto error = [&](const char* name, DType dtype, const std::vector<int64_t>& shape) {
    return error_of([&] { require(tensors, "f", name, dtype, shape); });
  };
  EXPECT_EQ(&require(tensors, "f", "noise", DType::f32, {kAnySize, 1, 28, 28}), &tensors.at("noise"));
  EXPECT_EQ(error("nois", DType::f32, {}), "f: no tensor 'nois'; the nearest is 'noise'");
  EXPECT_EQ(error("noise", DType::f64, {kAnySize, 1, 28, 28}),
            "f: tensor 'noise' must be F64 [*, 1, 28, 28], is F32 [4, 1, 28, 28]");
  EXPECT_THAT(error("noise", DType::f32, {4, 1, 28}), HasSubstr("must be F32 [4, 1, 28]"));
  EXPECT_THAT(error("noise", DType::f32, {4, 1, 28, 27}), HasSubstr("must be F32 [4, 1, 28, 27]"));
  EXPECT_EQ(error_of([] { require({}, "f", "x", DType::u8, {}); }), "f: no tensor 'x'; the file is empty");
}

}  // namespace
}  // namespace diffbench::data
