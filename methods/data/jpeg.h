#pragma once
// JPEG images, baseline and progressive, as Pillow decodes them: libjpeg-turbo's exact integer DCT and smooth chroma
// upsampling, no rotation by EXIF.
//
//   Image image = parse_jpeg(bytes, "photo.jpg");   // grey stays one channel, colour becomes RGB
//
// CMYK is refused by name, since converting it is a matter of taste; so is a file that is cut short. Damage that
// libjpeg mends and Pillow accepts (stray bytes between markers) is accepted. Every failure is an InputError of one
// line.

#include <cstddef>
#include <span>
#include <string>

#include "methods/data/image.h"

namespace diffbench::data {

Image parse_jpeg(std::span<const std::byte> bytes, const std::string& file);

}  // namespace diffbench::data
