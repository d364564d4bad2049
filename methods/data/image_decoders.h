#pragma once
// Images from files of any format that is known, told by its first bytes and not by its name. A format more is one line
// of the table in image_decoders.cpp.
//
//   Image image = read_image("photo.jpg");
//   if (has_image_ending("photo.JPEG")) { ... }      // what folders are searched for
//
// Pixels are those that Pillow's Image.open(F) gives, and convert("RGB") where that is not grey: 8 bits, alpha dropped,
// palettes expanded. Grey of 16 bits is cut off at 255, as Pillow does with its mode I;16; colours of 16 bits keep
// their upper byte. tests/methods/data/image_decoders_test.cpp compares bit for bit. Every failure is an InputError of
// one line.

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>

#include "methods/data/image.h"

namespace diffbench::data {

Image read_image(const std::filesystem::path& path);
Image parse_image(std::span<const std::byte> bytes, const std::string& file);

bool has_image_ending(const std::filesystem::path& path);  // .png .jpg .jpeg .webp, in any case
std::string image_formats();                               // "PNG, JPEG or WebP", for messages

}  // namespace diffbench::data
