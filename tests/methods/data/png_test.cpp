#include "methods/data/png.h"

#include <gmock/gmock.h>
#include <zlib.h>

#include <numeric>

#include "tests/methods/data/data_testing.h"

namespace diffbench::data {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(Png, ReadsGreyAndRgb) {
  const Image grey = read_png(golden("grey.png"));
  EXPECT_EQ(grey.width, 7);
  EXPECT_EQ(grey.height, 5);
  EXPECT_EQ(grey.channels, 1);
  ASSERT_EQ(grey.pixels.size(), 35);
  const Image rgb = read_png(golden("rgb.png"));
  EXPECT_EQ(rgb.channels, 3);
  ASSERT_EQ(rgb.pixels.size(), 105);
  for (size_t i = 0; i < 35; ++i) {
    const auto value = static_cast<uint8_t>(i * 7);
    EXPECT_EQ(grey.pixels[i], value);
    EXPECT_EQ(rgb.pixels[3 * i], value);
    EXPECT_EQ(rgb.pixels[3 * i + 1], value + 1);
    EXPECT_EQ(rgb.pixels[3 * i + 2], 255 - value);
  }
}

TEST(Png, DropsAlphaExpandsPalettesAndCutsDepthOff) {
  EXPECT_EQ(read_png(golden("rgba.png")).pixels, read_png(golden("rgb.png")).pixels);
  EXPECT_THAT(read_png(golden("grey16.png")).pixels, ::testing::Each(255)) << "256 n + 255, as Pillow cuts it off";
  const Image palette = read_png(golden("palette.png"));
  EXPECT_EQ(palette.channels, 3);
  EXPECT_THAT(std::vector<uint8_t>(palette.pixels.begin(), palette.pixels.begin() + 6),
              ElementsAre(10, 20, 30, 100, 110, 120))
      << "values 0 and 7 % 4";
}

TEST(Png, WritesWhatItReads) {
  const TemporaryFolder folder;
  for (const char* name : {"grey.png", "rgb.png"}) {
    const Image image = read_png(golden(name));
    write_png(folder / name, image);
    const Image again = read_png(folder / name);
    EXPECT_EQ(again.pixels, image.pixels);
    EXPECT_EQ(again.width, image.width);
    EXPECT_EQ(again.channels, image.channels);
  }
  EXPECT_EQ(folder.file_count(), 2) << "no temporary file stays";
}

TEST(Png, RefusesWhatIsNoWholePng) {
  EXPECT_THAT(error_of([] { read_png(golden("images.idx")); }), HasSubstr("images.idx: not a PNG file"));
  const auto bytes = file_content(golden("rgb.png"));
  expect_robust(bytes, [](auto part) { parse_png(part, "f"); });
  auto changed = bytes;
  changed[45] ^= std::byte{1};
  EXPECT_EQ(error_of([&] { parse_png(changed, "f"); }), "f: damaged PNG file");
}

TEST(Png, RefusesAHeaderThatClaimsTooMuch) {
  auto bytes = file_content(golden("rgb.png"));
  for (const size_t at : {16U, 20U}) {
    bytes[at] = std::byte{0x7f};
  }
  const auto checksum = crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()) + 12, 17);
  for (size_t i = 0; i < 4; ++i) {
    bytes[29 + i] = static_cast<std::byte>(checksum >> (24 - 8 * i));
  }
  EXPECT_THAT(error_of([&] { parse_png(bytes, "f"); }), HasSubstr("cannot hold the 2130706439 x 2130706437 pixels"));
}

TEST(Png, TilesABatch) {
  RawTensor batch = RawTensor::make(DType::u8, {3, 1, 1, 2});
  std::iota(batch.as<uint8_t>().begin(), batch.as<uint8_t>().end(), uint8_t{1});
  const Image grid = image_grid(batch, 2, 1);
  EXPECT_EQ(grid.width, 5);
  EXPECT_EQ(grid.height, 3);
  EXPECT_THAT(grid.pixels, ElementsAre(1, 2, 255, 3, 4, 255, 255, 255, 255, 255, 5, 6, 255, 255, 255));
  EXPECT_EQ(image_grid(batch, 8, 0).width, 6) << "no empty columns";
}

TEST(Png, TakesPlanesApart) {
  RawTensor batch = RawTensor::make(DType::u8, {2, 3, 1, 2});
  std::iota(batch.as<uint8_t>().begin(), batch.as<uint8_t>().end(), uint8_t{0});
  const Image image = image_of(batch, 1);
  EXPECT_EQ(image.channels, 3);
  EXPECT_THAT(image.pixels, ElementsAre(6, 8, 10, 7, 9, 11));
  EXPECT_THROW(image_of(batch, 2), std::out_of_range);
  EXPECT_THROW(image_grid(RawTensor::make(DType::f32, {1, 1, 2, 2}), 1), std::invalid_argument);
  EXPECT_THROW(image_grid(RawTensor::make(DType::u8, {1, 2, 2, 2}), 1), std::invalid_argument);
}

}  // namespace
}  // namespace diffbench::data
