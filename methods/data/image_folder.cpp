#include "methods/data/image_folder.h"

#include <algorithm>
#include <cstring>

#include "methods/data/file_io.h"
#include "methods/data/png.h"

namespace diffbench::data {
namespace {

namespace fs = std::filesystem;

struct Listing {
  std::vector<fs::path> folders;
  std::vector<fs::path> images;
};

// sorted by name; hidden entries and files that are not PNG are passed over
Listing list(const fs::path& dir) {
  Listing listing;
  std::error_code error;
  for (fs::directory_iterator entry(dir, error), end; !error && entry != end; entry.increment(error)) {
    const auto name = entry->path().filename().string();
    if (name.starts_with('.')) {
      continue;
    }
    auto extension = entry->path().extension().string();
    std::transform(extension.begin(), extension.end(), extension.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    if (entry->is_directory()) {
      listing.folders.push_back(entry->path());
    } else if (extension == ".png") {
      listing.images.push_back(entry->path());
    }
  }
  if (error) {
    throw bad_file(dir.string(), "cannot read this folder: " + error.message());
  }
  std::sort(listing.folders.begin(), listing.folders.end());
  std::sort(listing.images.begin(), listing.images.end());
  return listing;
}

class Builder {
 public:
  void add(const fs::path& file, int64_t label) {
    const Image image = read_png(file);
    if (labels_.empty()) {
      first_ = file;
      width_ = image.width;
      height_ = image.height;
      channels_ = image.channels;
    } else if (image.width != width_ || image.height != height_ || image.channels != channels_) {
      throw bad_file(file.string(), size_text(image.width, image.height, image.channels) + ", but " +
                                        first_.filename().string() + " is " + size_text(width_, height_, channels_) +
                                        "; all images must be of one size");
    }
    labels_.push_back(label);
    for (int channel = 0; channel < channels_; ++channel) {
      for (size_t i = static_cast<size_t>(channel); i < image.pixels.size(); i += static_cast<size_t>(channels_)) {
        pixels_.push_back(std::byte{image.pixels[i]});
      }
    }
  }

  bool empty() const { return labels_.empty(); }

  ImageDataset build(int64_t classes) && {
    const auto count = static_cast<int64_t>(labels_.size());
    ImageDataset dataset;
    dataset.images = {DType::u8, {count, channels_, height_, width_}, std::move(pixels_)};
    dataset.labels = RawTensor::make(DType::i64, {count});
    std::copy(labels_.begin(), labels_.end(), dataset.labels.as<int64_t>().begin());
    dataset.classes = classes;
    return dataset;
  }

 private:
  static std::string size_text(int width, int height, int channels) {
    return std::to_string(width) + " x " + std::to_string(height) + " x " + std::to_string(channels);
  }

  fs::path first_;
  int width_ = 0;
  int height_ = 0;
  int channels_ = 0;
  std::vector<int64_t> labels_;
  std::vector<std::byte> pixels_;
};

}  // namespace

ImageDataset load_image_folder(const fs::path& dir, std::string_view split) {
  if (dir.empty()) {
    throw config::InputError("image_folder: no folder given; name one with --data DIR");
  }
  const bool whole = split.empty() || split == "all";
  const fs::path root = whole ? dir : dir / split;
  if (!fs::is_directory(root)) {
    throw bad_file(root.string(), whole ? "no such folder" : "no such folder; split 'all' reads " + dir.string());
  }
  const Listing top = list(root);
  if (!top.images.empty() && !top.folders.empty()) {
    throw bad_file(root.string(), "holds both images and folders; give PNG files, or one folder per class");
  }
  Builder builder;
  for (const auto& file : top.images) {
    builder.add(file, 0);
  }
  for (size_t label = 0; label < top.folders.size(); ++label) {
    const Listing one_class = list(top.folders[label]);
    if (one_class.images.empty()) {
      throw bad_file(top.folders[label].string(), "no PNG files in this class folder");
    }
    for (const auto& file : one_class.images) {
      builder.add(file, static_cast<int64_t>(label));
    }
  }
  if (builder.empty()) {
    throw bad_file(root.string(), "no PNG files in this folder");
  }
  return std::move(builder).build(static_cast<int64_t>(top.folders.size()));
}

}  // namespace diffbench::data
