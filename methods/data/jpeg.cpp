#include "methods/data/jpeg.h"

#include <csetjmp>
#include <cstdio>
// jpeglib.h wants size_t and FILE declared before it
#include <jerror.h>
#include <jpeglib.h>

#include "methods/data/file_io.h"

namespace diffbench::data {
namespace {

// libjpeg reports by a callback that must not return; unwinding through its C frames is not ours to do, hence longjmp
struct Failure {
  jpeg_error_mgr errors;  // first, so that libjpeg's pointer to it is a pointer to this
  std::jmp_buf back;
  char message[JMSG_LENGTH_MAX];
};

[[noreturn]] void give_up(j_common_ptr info) {
  auto* failure = reinterpret_cast<Failure*>(info->err);
  info->err->format_message(info, failure->message);
  std::longjmp(failure->back, 1);
}

// libjpeg fills what is missing of a cut file with grey and goes on; Pillow refuses it. Other warnings both pass over.
void on_message(j_common_ptr info, int level) {
  if (level < 0 && info->err->msg_code == JWRN_JPEG_EOF) {
    give_up(info);
  }
}

// each scan of a progressive file walks over the whole image, and a few bytes make a scan
void limit_scans(j_common_ptr info) {
  constexpr int kMostScans = 200;  // encoders write about ten
  if (reinterpret_cast<j_decompress_ptr>(info)->input_scan_number > kMostScans) {
    give_up(info);
  }
}

class Decoder {
 public:
  explicit Decoder(std::span<const std::byte> bytes, const std::string& file) : bytes_(bytes), file_(file) {
    info_.err = jpeg_std_error(&failure_.errors);
    failure_.errors.error_exit = give_up;
    failure_.errors.emit_message = on_message;
    failure_.message[0] = '\0';
    progress_.progress_monitor = limit_scans;
  }
  ~Decoder() { jpeg_destroy_decompress(&info_); }  // harmless before the creation, as info_ is zero then
  Decoder(const Decoder&) = delete;                // libjpeg points into it
  Decoder& operator=(const Decoder&) = delete;

  Image decode() {
    if (!read_header()) {
      refuse();
    }
    check_header();
    Image image{static_cast<int>(info_.image_width), static_cast<int>(info_.image_height), info_.num_components, {}};
    image.pixels.resize(image.pixel_bytes());
    if (!read_rows(image.pixels.data(), image.pixel_bytes() / static_cast<size_t>(image.height))) {
      refuse();
    }
    return image;
  }

 private:
  // Between setjmp and longjmp nothing with a destructor may be alive: so these two hold libjpeg's calls and no more.
  bool read_header() {
    if (setjmp(failure_.back) != 0) {  // NOLINT(cert-err52-cpp): libjpeg's way
      return false;
    }
    jpeg_create_decompress(&info_);
    info_.progress = &progress_;
    jpeg_mem_src(&info_, reinterpret_cast<const unsigned char*>(bytes_.data()), bytes_.size());
    jpeg_read_header(&info_, TRUE);
    return true;
  }

  bool read_rows(uint8_t* target, size_t row_bytes) {
    if (setjmp(failure_.back) != 0) {  // NOLINT(cert-err52-cpp)
      return false;
    }
    info_.out_color_space = info_.num_components == 1 ? JCS_GRAYSCALE : JCS_RGB;
    info_.dct_method = JDCT_ISLOW;
    info_.do_fancy_upsampling = TRUE;
    jpeg_start_decompress(&info_);
    while (info_.output_scanline < info_.output_height) {
      JSAMPROW row = target + info_.output_scanline * row_bytes;
      jpeg_read_scanlines(&info_, &row, 1);
    }
    jpeg_finish_decompress(&info_);
    return true;
  }

  void check_header() const {
    // 64 pixels to a block, at least a bit to a block; a component may lie at a quarter of the resolution either way
    constexpr uint64_t kPixelsPerByte = uint64_t{64} * 8 * 16;
    if (info_.num_components == 4) {
      throw bad_file(file_, "a CMYK JPEG file; convert it to RGB, for there is no one way to");
    }
    if (info_.num_components != 1 && info_.num_components != 3) {
      throw bad_file(file_, "a JPEG file of " + std::to_string(info_.num_components) + " components, expected 1 or 3");
    }
    check_claimed_size(info_.image_width, info_.image_height, bytes_.size(), kPixelsPerByte, "JPEG", file_);
  }

  [[noreturn]] void refuse() const {
    throw bad_file(file_, "damaged or truncated JPEG file: " + std::string(failure_.message));
  }

  std::span<const std::byte> bytes_;
  const std::string& file_;
  Failure failure_{};
  jpeg_progress_mgr progress_{};
  jpeg_decompress_struct info_{};
};

}  // namespace

Image parse_jpeg(std::span<const std::byte> bytes, const std::string& file) {
  if (bytes.empty()) {
    throw bad_file(file, "not a JPEG file");
  }
  return Decoder(bytes, file).decode();
}

}  // namespace diffbench::data
