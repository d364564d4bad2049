#include "methods/data/image_folder.h"

#include <algorithm>

#include "methods/data/file_io.h"
#include "methods/data/image_decoders.h"

namespace diffbench::data {
namespace {

namespace fs = std::filesystem;

struct Listing {
  std::vector<fs::path> folders;
  std::vector<fs::path> images;
};

bool is_hidden(const fs::path& path) { return path.filename().string().starts_with('.'); }

[[noreturn]] void cannot_read(const fs::path& dir, const std::error_code& error) {
  throw bad_file(dir.string(), "cannot read this folder: " + error.message());
}

Listing list(const fs::path& dir) {
  Listing listing;
  std::error_code error;
  for (fs::directory_iterator entry(dir, error), end; !error && entry != end; entry.increment(error)) {
    if (is_hidden(entry->path())) {
      continue;
    }
    if (entry->is_directory()) {
      listing.folders.push_back(entry->path());
    } else if (has_image_ending(entry->path())) {
      listing.images.push_back(entry->path());
    }
  }
  if (error) {
    cannot_read(dir, error);
  }
  std::sort(listing.folders.begin(), listing.folders.end());
  std::sort(listing.images.begin(), listing.images.end());
  return listing;
}

// at any depth; links to folders are not followed, for they may lead in a circle
std::vector<fs::path> images_below(const fs::path& dir) {
  std::vector<fs::path> images;
  std::error_code error;
  for (fs::recursive_directory_iterator entry(dir, error), end; !error && entry != end; entry.increment(error)) {
    if (is_hidden(entry->path())) {
      entry.disable_recursion_pending();
    } else if (!entry->is_directory() && has_image_ending(entry->path())) {
      images.push_back(entry->path());
    }
  }
  if (error) {
    cannot_read(dir, error);
  }
  std::sort(images.begin(), images.end());
  return images;
}

void check_like_first(const Image& image, const fs::path& file, const Image& first, const fs::path& first_file) {
  if (image.width != first.width || image.height != first.height || image.channels != first.channels) {
    throw bad_file(file.string(), image.size_text() + ", but " + first_file.filename().string() + " is " +
                                      first.size_text() +
                                      "; all images must be of one size, and all grey or all colour");
  }
}

// height x width x channels to planes
void write_planes(const Image& image, std::byte* target) {
  const auto channels = static_cast<size_t>(image.channels);
  for (size_t channel = 0; channel < channels; ++channel) {
    for (size_t i = channel; i < image.pixels.size(); i += channels) {
      *target++ = std::byte{image.pixels[i]};
    }
  }
}

}  // namespace

ImageFolder list_image_folder(const fs::path& root) {
  const Listing top = list(root);
  if (!top.images.empty() && !top.folders.empty()) {
    throw bad_file(root.string(), "holds both images and folders; give images, or one folder per class");
  }
  ImageFolder folder{root, top.images, std::vector<int64_t>(top.images.size(), 0),
                     static_cast<int64_t>(top.folders.size())};
  for (size_t label = 0; label < top.folders.size(); ++label) {
    const auto images = images_below(top.folders[label]);
    if (images.empty()) {
      throw bad_file(top.folders[label].string(), "no " + image_formats() + " files in this class folder");
    }
    folder.files.insert(folder.files.end(), images.begin(), images.end());
    folder.labels.insert(folder.labels.end(), images.size(), static_cast<int64_t>(label));
  }
  if (folder.files.empty()) {
    throw bad_file(root.string(), "no " + image_formats() + " files in this folder");
  }
  return folder;
}

RawTensor read_images(const ImageFolder& folder, size_t first, size_t count) {
  count = std::min(count, folder.files.size() - std::min(first, folder.files.size()));
  const Image model = read_image(folder.files.front());
  RawTensor images =
      RawTensor::make(DType::u8, {static_cast<int64_t>(count), model.channels, model.height, model.width});
  for (size_t i = 0; i < count; ++i) {
    const auto& file = folder.files[first + i];
    const Image image = read_image(file);
    check_like_first(image, file, model, folder.files.front());
    write_planes(image, images.bytes.data() + i * model.pixel_bytes());
  }
  return images;
}

ImageDataset load_image_folder(const fs::path& dir, std::string_view split) {
  if (dir.empty()) {
    throw config::InputError("image_folder: no folder given; name one with --data DIR");
  }
  const bool whole = split.empty() || split == "all";
  const fs::path root = whole ? dir : dir / split;
  if (!fs::is_directory(root)) {
    throw bad_file(root.string(), whole ? "no such folder" : "no such folder; split 'all' reads " + dir.string());
  }
  const ImageFolder folder = list_image_folder(root);
  ImageDataset dataset{read_images(folder, 0, folder.files.size()),
                       RawTensor::make(DType::i64, {static_cast<int64_t>(folder.files.size())}), folder.classes};
  std::copy(folder.labels.begin(), folder.labels.end(), dataset.labels.as<int64_t>().begin());
  return dataset;
}

}  // namespace diffbench::data
