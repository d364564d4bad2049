#include "methods/data/image_decoders.h"

#include <gmock/gmock.h>

#include "methods/data/npz.h"
#include "tests/methods/data/data_testing.h"

namespace diffbench::data {
namespace {

using ::testing::HasSubstr;

std::filesystem::path image_golden(const std::string& name) {
  return std::filesystem::path(DIFFBENCH_TESTS_DIR) / "methods/data/image_goldens" / name;
}

// as convert("RGB") repeats it
std::vector<uint8_t> rgb_of(const Image& image) {
  if (image.channels == 3) {
    return image.pixels;
  }
  std::vector<uint8_t> pixels;
  for (const uint8_t value : image.pixels) {
    pixels.insert(pixels.end(), 3, value);
  }
  return pixels;
}

TEST(ImageDecoders, GiveWhatPillowGivesBitForBit) {
  const auto expected = read_npz(image_golden("expected.npz"));
  EXPECT_EQ(expected.size(), 28) << "make_image_goldens.py writes so many";
  for (const auto& [name, pixels] : expected) {
    const Image image = read_image(image_golden(name));
    EXPECT_EQ(pixels.shape, (std::vector<int64_t>{image.height, image.width, 3})) << name;
    const auto values = pixels.as<uint8_t>();
    EXPECT_EQ(rgb_of(image), std::vector<uint8_t>(values.begin(), values.end())) << name;
    EXPECT_EQ(image.channels == 1, name.starts_with("grey") || name == "bits.png") << name;
  }
}

TEST(ImageDecoders, GoByTheFirstBytesAndNotByTheName) {
  const TemporaryFolder folder;
  std::filesystem::copy_file(image_golden("colour_444.jpg"), folder / "named_otherwise.png");
  EXPECT_EQ(read_image(folder / "named_otherwise.png").pixels, read_image(image_golden("colour_444.jpg")).pixels);
}

TEST(ImageDecoders, KnowTheEndingsInAnyCase) {
  for (const char* name : {"a.png", "a.JPG", "a.Jpeg", "b/a.webp"}) {
    EXPECT_TRUE(has_image_ending(name)) << name;
  }
  for (const char* name : {"a.bmp", "png", "a.npz", ".png"}) {
    EXPECT_FALSE(has_image_ending(name)) << name;
  }
  EXPECT_EQ(image_formats(), "PNG, JPEG or WebP");
}

TEST(ImageDecoders, RefuseWhatIsCutShort) {
  for (const char* name : {"grey_of_two_bits.png", "colour_420.jpg", "progressive_420.jpg", "lossy.webp",
                           "lossless.webp", "lossy_alpha.webp"}) {
    SCOPED_TRACE(name);
    const auto bytes = file_content(image_golden(name));
    const auto size = static_cast<std::ptrdiff_t>(bytes.size());
    for (const auto kept : {size_t{0}, size_t{2}, size_t{12}, size_t{40}, bytes.size() / 2, bytes.size() - 2}) {
      const std::vector<std::byte> part(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(kept));
      EXPECT_THAT(error_of([&] { parse_image(part, "f"); }), ::testing::StartsWith("f: ")) << kept << " of " << size;
    }
  }
}

TEST(ImageDecoders, TakeOrRefuseEveryChangedByte) {
  for (const char* name : {"one_pixel.jpg", "grey.jpg", "lossy.webp"}) {
    const auto bytes = file_content(image_golden(name));
    for (size_t i = 0; i < bytes.size(); ++i) {
      auto changed = bytes;
      changed[i] ^= std::byte{0x5b};
      error_of([&] { parse_image(changed, "f"); });
    }
  }
}

TEST(ImageDecoders, RefuseWhatTheyCannotTellOrConvert) {
  EXPECT_EQ(error_of([] { parse_image(bytes_of("GIF89a"), "f"); }), "f: not a PNG, JPEG or WebP file");
  EXPECT_THAT(error_of([] { read_image(image_golden("cmyk.jpg")); }), HasSubstr("cmyk.jpg: a CMYK JPEG file"));
  EXPECT_THAT(error_of([] { read_image(image_golden("animated.webp")); }), HasSubstr("an animated WebP file"));
}

TEST(ImageDecoders, RefuseAHeaderThatClaimsTooMuchBeforeTheyAllocate) {
  auto bytes = file_content(image_golden("grey.jpg"));
  for (size_t i = 0; i + 8 < bytes.size(); ++i) {
    if (bytes[i] == std::byte{0xff} && bytes[i + 1] == std::byte{0xc0}) {  // the frame header: height, width
      std::fill_n(bytes.begin() + static_cast<std::ptrdiff_t>(i) + 5, 4, std::byte{0xfe});
      break;
    }
  }
  EXPECT_THAT(error_of([&] { parse_image(bytes, "f"); }), HasSubstr("cannot hold the 65278 x 65278 pixels"));
  EXPECT_THAT(error_of([] { check_claimed_size(20'000, 20'000, 1 << 30, 8, "PNG", "f"); }),
              HasSubstr("the most read is 178956970, as in Pillow"));
}

}  // namespace
}  // namespace diffbench::data
