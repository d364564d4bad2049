#pragma once
// PNG images of 8 bits per channel, grey or RGB.
//
//   Image image = read_png("samples/000000.png");
//   write_png("sheet.png", image_grid(batch, 8));    // batch: u8 [N, C, H, W], 8 images a row
//
// Reading: as Pillow (methods/data/image_decoders.h): palettes expanded, alpha dropped, colours of 16 bits reduced to
// their upper byte, grey of 16 bits cut off at 255. Anything that is not a whole PNG, and a header that claims more
// pixels than the file can hold, is an InputError of one line.

#include <filesystem>
#include <span>
#include <string>

#include "methods/data/image.h"
#include "methods/data/raw_tensor.h"

namespace diffbench::data {

Image read_png(const std::filesystem::path& path);
Image parse_png(std::span<const std::byte> bytes, const std::string& file);
void write_png(const std::filesystem::path& path, const Image& image);

// row `index` of a u8 [N, C, H, W] batch (C 1 or 3) as an image
Image image_of(const RawTensor& batch, int64_t index);

// the whole batch, `columns` images a row, `gap` white pixels between them; unused places are white
Image image_grid(const RawTensor& batch, int columns, int gap = 2);

}  // namespace diffbench::data
