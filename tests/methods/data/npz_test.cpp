#include "methods/data/npz.h"

#include <gmock/gmock.h>

#include "methods/data/npy.h"
#include "methods/data/safetensors.h"
#include "methods/data/zip_archive.h"
#include "tests/methods/data/data_testing.h"

namespace diffbench::data {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

TEST(Npz, ReadsWhatNumpyWrote) {
  const NamedTensors expected = read_safetensors(golden("arrays.safetensors"));
  ASSERT_EQ(expected.size(), 12);
  for (const char* name : {"arrays_stored.npz", "arrays_deflated.npz", "arrays_versions.npz"}) {
    EXPECT_EQ(read_npz(golden(name)), expected) << name;
  }
}

TEST(Npz, TurnsFortranOrderIntoCOrder) {
  const NamedTensors arrays = read_npz(golden("arrays_stored.npz"));
  const RawTensor& fortran = arrays.at("fortran");
  for (size_t i = 0; i < 24; ++i) {
    EXPECT_EQ(fortran.as<float>()[i], static_cast<float>(i));
  }
}

TEST(Npz, WritesWhatItReads) {
  const TemporaryFolder folder;
  const NamedTensors arrays = read_npz(golden("arrays_deflated.npz"));
  write_npz(folder / "a.npz", arrays);
  write_npz(folder / "b.npz", arrays);
  EXPECT_EQ(read_npz(folder / "a.npz"), arrays);
  EXPECT_EQ(file_content(folder / "a.npz"), file_content(folder / "b.npz")) << "the same arrays give the same bytes";
  EXPECT_EQ(folder.file_count(), 2) << "no temporary file stays";
}

TEST(Npz, WritesHeadersAsNumpyDoes) {
  RawTensor tensor = RawTensor::make(DType::f32, {2, 3});
  const auto bytes = format_npy(tensor, "f");
  const std::string text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  EXPECT_THAT(text, AllOf(StartsWith(std::string("\x93NUMPY\x01\x00", 8)), HasSubstr("'fortran_order': False")));
  EXPECT_EQ((bytes.size() - 24) % 64, 0) << "the data starts aligned";
  EXPECT_EQ(parse_npy(bytes, "f"), tensor);
}

TEST(Npz, WritingRefusesWhatNumpyLacks) {
  const TemporaryFolder folder;
  EXPECT_THAT(error_of([&] {
                write_npz(folder / "x.npz", {{"x", RawTensor::make(DType::bf16, {1})}});
              }),
              HasSubstr("x.npz: 'x': numpy has no type BF16"));
  EXPECT_THAT(error_of([&] {
                write_npz(folder / "no/x.npz", {{"x", RawTensor::make(DType::u8, {1})}});
              }),
              HasSubstr("cannot write this file"));
  EXPECT_EQ(folder.file_count(), 0);
}

TEST(Npz, RefusesWhatIsNoPlainArray) {
  const auto error = [](const char* name) { return error_of([&] { read_npz(golden(name)); }); };
  EXPECT_THAT(error("hostile/object.npz"),
              HasSubstr("object.npz: 'x.npy': object arrays hold pickles and are refused"));
  EXPECT_THAT(error("hostile/big_endian.npz"), HasSubstr("'>f4' is not supported (big-endian)"));
  EXPECT_THAT(error("hostile/structured.npz"), HasSubstr("structured arrays are not supported"));
  EXPECT_THAT(error("hostile/text.npz"), HasSubstr("'<U3' is not supported"));
  EXPECT_THAT(error("hostile/not_an_array.npz"), HasSubstr("'x.txt' is not a .npy array"));
  EXPECT_THAT(error("types.safetensors"), HasSubstr("not an npz file"));
}

TEST(Npz, RefusesABomb) {
  const TemporaryFolder folder;
  write_npz(folder / "small.npz", {{"x", RawTensor::make(DType::u8, {60 << 20})}});
  EXPECT_EQ(read_npz(folder / "small.npz").at("x").bytes.size(), size_t{60} << 20) << "zeros are no crime";
  write_npz(folder / "bomb.npz",
            {{"x", RawTensor::make(DType::u8, {60 << 20})}, {"y", RawTensor::make(DType::u8, {60 << 20})}});
  EXPECT_THAT(error_of([&] { read_npz(folder / "bomb.npz"); }), HasSubstr("bytes justifies (from 'y.npy' on)"));
}

TEST(Npz, SurvivesDamage) {
  for (const char* name : {"arrays_stored.npz", "arrays_deflated.npz"}) {
    expect_robust(file_content(golden(name)), [](auto bytes) { parse_npz(bytes, "f"); });
  }
}

TEST(Npz, NoticesAChangedByte) {
  auto bytes = file_content(golden("arrays_stored.npz"));
  const std::string text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  bytes[text.find("'shape': (3, 4)") + 130] ^= std::byte{1};
  EXPECT_THAT(error_of([&] { parse_npz(bytes, "f"); }), HasSubstr("checksum"));
}

std::string npy_error(const std::string& header, size_t data_bytes) {
  const std::string size{static_cast<char>(header.size()), '\0'};
  return error_of([&] {
    parse_npy(bytes_of(std::string("\x93NUMPY\x01\x00", 8) + size + header + std::string(data_bytes, 'x')), "f");
  });
}

TEST(Npy, RefusesMalformedHeaders) {
  EXPECT_EQ(npy_error("{'descr': '|u1', 'fortran_order': False, 'shape': (4,), }", 4), "no error");
  EXPECT_EQ(npy_error("{\"shape\":(2,2),\"fortran_order\":True,\"descr\":\"<i1\"}", 4), "no error");
  EXPECT_EQ(npy_error("{'descr': '<f4', 'fortran_order': False, 'shape': ()}", 4), "no error");
  const std::string rest = "'descr': '|u1', 'fortran_order': False, ";
  EXPECT_THAT(npy_error("{" + rest + "'shape': (4,)}", 3), HasSubstr("says [4] of type U8, but 3 bytes follow"));
  EXPECT_THAT(npy_error("{" + rest + "'shape': (4,)}", 5), HasSubstr("5 bytes follow"));
  for (const char* shape :
       {"'shape': (-4,)", "'shape': (4611686018427387904, 4)", "'shape': (0, 4294967296, 4294967296)"}) {
    EXPECT_THAT(npy_error("{" + rest + shape + "}", 4), HasSubstr("4 bytes follow")) << shape;
  }
  for (const char* text : {"'shape': 4", "'shape': (99999999999999999999,)", "'shape': (4,), 'x': 1", "'shape': (4,",
                           "'shape': (4,), 'shape': (4,)", "'shape': (a,)", "'shape': (4,)} x", "", "'sha"}) {
    EXPECT_EQ(npy_error("{" + rest + text + (std::string_view(text).ends_with("x") ? "" : "}"), 4),
              "f: damaged npy header")
        << text;
  }
  EXPECT_EQ(npy_error("", 4), "f: damaged npy header");
}

TEST(Npy, SurvivesDamage) {
  const auto bytes = format_npy(RawTensor::make(DType::f32, {2, 3}), "f");
  expect_robust(bytes, [](auto part) { parse_npy(part, "f"); });
}

}  // namespace
}  // namespace diffbench::data
