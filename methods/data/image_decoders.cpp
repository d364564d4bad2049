#include "methods/data/image_decoders.h"

#include <algorithm>
#include <cctype>
#include <string_view>
#include <vector>

#include "methods/data/file_io.h"
#include "methods/data/jpeg.h"
#include "methods/data/png.h"
#include "methods/data/webp.h"

namespace diffbench::data {
namespace {

struct Decoder {
  std::string_view name;
  std::string_view magic;      // at the start of the file
  std::string_view magic_at8;  // and at its ninth byte
  std::vector<std::string_view> endings;
  Image (*parse)(std::span<const std::byte> bytes, const std::string& file);
};

const std::vector<Decoder>& decoders() {
  static const std::vector<Decoder> table = {
      {"PNG", "\x89PNG", "", {".png"}, parse_png},
      {"JPEG", "\xff\xd8\xff", "", {".jpg", ".jpeg"}, parse_jpeg},
      {"WebP", "RIFF", "WEBP", {".webp"}, parse_webp},
  };
  return table;
}

}  // namespace

Image parse_image(std::span<const std::byte> bytes, const std::string& file) {
  constexpr size_t kSecondMagicAt = 8;
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  for (const auto& decoder : decoders()) {
    if (text.starts_with(decoder.magic) &&
        (decoder.magic_at8.empty() ||
         (text.size() > kSecondMagicAt && text.substr(kSecondMagicAt).starts_with(decoder.magic_at8)))) {
      return decoder.parse(bytes, file);
    }
  }
  throw bad_file(file, "not a " + image_formats() + " file");
}

Image read_image(const std::filesystem::path& path) {
  const MappedFile file(path);
  return parse_image(file.bytes(), path.string());
}

bool has_image_ending(const std::filesystem::path& path) {
  auto ending = path.extension().string();
  std::ranges::transform(ending, ending.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return std::ranges::any_of(decoders(), [&](const Decoder& decoder) {
    return std::ranges::find(decoder.endings, ending) != decoder.endings.end();
  });
}

std::string image_formats() {
  std::string text;
  for (size_t i = 0; i < decoders().size(); ++i) {
    text += i == 0 ? "" : i + 1 == decoders().size() ? " or " : ", ";
    text += decoders()[i].name;
  }
  return text;
}

}  // namespace diffbench::data
