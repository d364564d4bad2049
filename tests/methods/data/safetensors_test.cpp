#include "methods/data/safetensors.h"

#include <gmock/gmock.h>

#include "tests/methods/data/data_testing.h"

namespace diffbench::data {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

std::vector<std::byte> file_of(std::string_view header, size_t data_bytes) {
  std::string text;
  for (size_t i = 0; i < 8; ++i) {
    text += static_cast<char>(header.size() >> (8 * i) & 0xff);
  }
  return bytes_of(text + std::string(header) + std::string(data_bytes, 'x'));
}

std::string error_for(std::string_view header, size_t data_bytes) {
  return error_of([&] { parse_safetensors(file_of(header, data_bytes), "f"); });
}

TEST(Safetensors, ReadsEveryTypeThatPythonWrote) {
  const NamedTensors tensors = read_safetensors(golden("types.safetensors"));
  ASSERT_EQ(tensors.size(), 12);
  EXPECT_EQ(tensors.at("i64").dtype, DType::i64);
  EXPECT_EQ(tensors.at("i64").as<int64_t>()[0], -3);
  EXPECT_EQ(tensors.at("i64").as<int64_t>()[5], 2);
  EXPECT_EQ(tensors.at("i32").shape, (std::vector<int64_t>{2, 3}));
  EXPECT_EQ(tensors.at("i16").as<int16_t>()[0], -1);
  EXPECT_EQ(tensors.at("i8").as<int8_t>()[0], -128);
  EXPECT_EQ(tensors.at("u8").as<uint8_t>()[1], 255);
  EXPECT_EQ(tensors.at("bool").as<uint8_t>()[2], 1);
  EXPECT_EQ(tensors.at("scalar").shape, std::vector<int64_t>{});
  EXPECT_EQ(tensors.at("scalar").as<float>()[0], 2.5F);
  EXPECT_EQ(tensors.at("empty").shape, (std::vector<int64_t>{0, 3}));
  EXPECT_FLOAT_EQ(tensors.at("f32").as<float>()[0], static_cast<float>(tensors.at("f64").as<double>()[0]));
  EXPECT_EQ(tensors.at("f16").bytes.size(), 24);
  EXPECT_EQ(tensors.at("bf16").dtype, DType::bf16);
}

TEST(Safetensors, WritesWhatItReads) {
  const TemporaryFolder folder;
  const NamedTensors tensors = read_safetensors(golden("types.safetensors"));
  write_safetensors(folder / "out.safetensors", tensors, {{"written by", "safetensors"}});
  EXPECT_EQ(read_safetensors(folder / "out.safetensors"), tensors);
  EXPECT_EQ(folder.file_count(), 1) << "no temporary file stays";
}

TEST(Safetensors, WritesReproduciblyAndAligned) {
  const TemporaryFolder folder;
  NamedTensors tensors;
  tensors["a"] = RawTensor::make(DType::u8, {3});
  tensors["b"] = RawTensor::make(DType::f64, {1});
  write_safetensors(folder / "out.safetensors", tensors, {{"k", "v"}});
  const auto content = file_content(folder / "out.safetensors");
  const std::string text(reinterpret_cast<const char*>(content.data()) + 8, content.size() - 8);
  EXPECT_THAT(text, StartsWith(R"({"__metadata__":{"k":"v"},"b":{"dtype":"F64","shape":[1],"data_offsets":[0,8]},)"
                               R"("a":{"dtype":"U8","shape":[3],"data_offsets":[8,11]}})"));
  EXPECT_EQ((content.size() - 11) % 8, 0) << "the data starts aligned";
}

TEST(Safetensors, WriteFailuresNameTheFileAndLeaveNothing) {
  const TemporaryFolder folder;
  EXPECT_THAT(error_of([&] { write_safetensors(folder / "no/such/folder.safetensors", {}); }),
              HasSubstr("folder.safetensors: cannot write this file"));
  EXPECT_THAT(error_of([&] {
                write_safetensors(folder / "x.safetensors", {{"__metadata__", {}}});
              }),
              HasSubstr("cannot be called __metadata__"));
  EXPECT_THAT(error_of([&] {
                write_safetensors(folder / "x.safetensors", {{"\xff", RawTensor::make(DType::u8, {1})}});
              }),
              HasSubstr("UTF-8"));
  EXPECT_EQ(folder.file_count(), 0);
}

TEST(Safetensors, SurvivesDamage) {
  expect_robust(file_content(golden("types.safetensors")), [](auto bytes) { parse_safetensors(bytes, "f"); });
}

TEST(Safetensors, AcceptsAnEmptyFileOfNoTensors) { EXPECT_TRUE(parse_safetensors(file_of("{}  ", 0), "f").empty()); }

TEST(Safetensors, RefusesMalformedHeaders) {
  const std::string x = R"({"x":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}})";
  EXPECT_EQ(error_for(x, 4), "no error");
  EXPECT_THAT(error_for(x, 5), HasSubstr("describes 4 bytes of data, the file holds 5"));
  EXPECT_THAT(error_for(x, 3), HasSubstr("'x' ends outside the file"));
  EXPECT_THAT(error_for(x + "x", 4), HasSubstr("not valid JSON"));
  EXPECT_THAT(error_for("[1]", 0), HasSubstr("must start with '{'"));
  EXPECT_THAT(error_for("", 0), HasSubstr("must start with '{'"));
  EXPECT_THAT(error_for(R"({"x":5})", 0), HasSubstr("unexpected a number"));
  EXPECT_THAT(error_for(R"({"x":{"dtype":"U8","shape":[4]}})", 4), HasSubstr("lacks"));
  EXPECT_THAT(error_for(R"({"x":{"dtype":"U8","shape":[4],"data_offsets":[0,4],"y":1}})", 4),
              HasSubstr("unknown key 'y'"));
  EXPECT_THAT(error_for(R"({"x":{"dtype":"U8","shape":[4],"data_offsets":[0]}})", 4), HasSubstr("two numbers"));
  EXPECT_THAT(error_for(R"({"x":{"dtype":"U8","shape":[4],"data_offsets":[0,4,4]}})", 4), HasSubstr("a number"));
  EXPECT_THAT(error_for(R"({"x":{"dtype":"U8","shape":[4],"data_offsets":[4,0]}})", 4), HasSubstr("outside"));
  EXPECT_THAT(error_for(R"({"x":{"dtype":"F8_E4M3","shape":[4],"data_offsets":[0,4]}})", 4),
              HasSubstr("tensor 'x' has type 'F8_E4M3', which is not supported"));
  EXPECT_THAT(error_for(R"({"x":{"dtype":"U8","shape":[[4]],"data_offsets":[0,4]}})", 4), HasSubstr("an array"));
  EXPECT_THAT(error_for(R"({"__metadata__":{"a":1}})", 0), HasSubstr("a number"));
  EXPECT_THAT(error_for(R"({"__metadata__":{"a":{}}})", 0), HasSubstr("an object"));
  EXPECT_THAT(error_for(std::string(100000, '{'), 0), HasSubstr("not valid JSON"));
  EXPECT_THAT(error_for(R"({"x)" + std::string("\n") + R"(":1})", 0), HasSubstr("not valid JSON"));
  EXPECT_THAT(error_for(R"({"x\n":1})", 0), HasSubstr("'x\\x0a'"));
}

TEST(Safetensors, RefusesNumbersThatOverflow) {
  const auto shape = [](const std::string& text) {
    return error_for(R"({"x":{"dtype":"F64","shape":[)" + text + R"(],"data_offsets":[0,0]}})", 0);
  };
  EXPECT_EQ(shape("0"), "no error");
  EXPECT_THAT(shape("-1"), HasSubstr("a negative number"));
  EXPECT_THAT(shape("1.5"), HasSubstr("a fraction"));
  EXPECT_THAT(shape("1e3"), HasSubstr("a fraction"));
  EXPECT_THAT(shape("99999999999999999999999"), HasSubstr("above 64 bits"));
  EXPECT_THAT(shape("18446744073709551615"), HasSubstr("too large"));
  EXPECT_THAT(shape("4294967296, 4294967296"), HasSubstr("not what its shape and type need"));
  EXPECT_THAT(shape("2305843009213693952"), HasSubstr("not what its shape and type need"));
  EXPECT_THAT(shape("0, 4611686018427387904, 4611686018427387904"), HasSubstr("not what its shape and type need"));
  EXPECT_THAT(error_of([] { parse_safetensors(bytes_of(std::string(8, '\xff')), "f"); }), HasSubstr("truncated"));
}

TEST(Safetensors, RefusesGapsOverlapsAndRepetitions) {
  const std::string a = R"("a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]})";
  const auto b = [](const char* range) {
    return std::string(R"("b":{"dtype":"U8","shape":[2],"data_offsets":[)") + range + "]}";
  };
  EXPECT_EQ(error_for("{" + a + "," + b("4,6") + "}", 6), "no error");
  EXPECT_THAT(error_for("{" + a + "," + b("5,7") + "}", 7), HasSubstr("'b' starts at byte 5 of the data, not at 4"));
  EXPECT_THAT(error_for("{" + a + "," + b("3,5") + "}", 5), HasSubstr("'b' starts at byte 3 of the data, not at 4"));
  EXPECT_THAT(error_for("{" + a + "," + b("0,2") + "}", 4), HasSubstr("starts at byte 0"));
  EXPECT_THAT(error_for("{" + a + "," + a + "}", 4), HasSubstr("'a' appears twice"));
  EXPECT_THAT(error_for(R"({"x":{"dtype":"U8","dtype":"U8","shape":[0],"data_offsets":[0,0]}})", 0),
              HasSubstr("has the key 'dtype' twice"));
}

}  // namespace
}  // namespace diffbench::data
