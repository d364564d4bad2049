#pragma once
// WebP images, lossy and lossless, as RGB; alpha is dropped, as Pillow's convert("RGB") does.
//
//   Image image = parse_webp(bytes, "photo.webp");
//
// Animations are refused, and so is a file that is cut short. Every failure is an InputError of one line.

#include <cstddef>
#include <span>
#include <string>

#include "methods/data/image.h"

namespace diffbench::data {

Image parse_webp(std::span<const std::byte> bytes, const std::string& file);

}  // namespace diffbench::data
