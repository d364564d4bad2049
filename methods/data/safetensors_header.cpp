#include "methods/data/safetensors_header.h"

#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "methods/data/file_io.h"

namespace diffbench::data {
namespace {

// A header has a fixed form of three levels, so it is read event by event: no tree grows from a hostile file, and
// repeated keys (which a JSON tree would silently merge) are seen.
class Handler {
 public:
  explicit Handler(const std::string& file) : file_(file) {}

  std::vector<HeaderEntry> take_entries() { return std::move(entries_); }

  // the callbacks of nlohmann::json::sax_parse, whose names and types are given
  bool null() { return unexpected("null"); }
  bool boolean(bool) { return unexpected("true or false"); }
  bool number_integer(int64_t) { return unexpected("a negative number"); }
  bool number_float(double, const std::string&) { return unexpected("a fraction or a number above 64 bits"); }
  bool binary(std::vector<uint8_t>&) { return unexpected("binary data"); }

  bool number_unsigned(uint64_t value) {
    if (place_ == Place::shape) {
      if (value > static_cast<uint64_t>(std::numeric_limits<int64_t>::max()) ||
          entries_.back().shape.size() == kLargestRank) {
        fail("the shape of tensor " + in_quotes(entries_.back().name) + " is too large");
      }
      entries_.back().shape.push_back(static_cast<int64_t>(value));
    } else if (place_ == Place::offsets && offset_count_ < 2) {
      (offset_count_ == 0 ? entries_.back().begin : entries_.back().end) = value;
      ++offset_count_;
    } else {
      unexpected("a number");
    }
    return true;
  }

  bool string(std::string& value) {
    if (place_ == Place::metadata) {
      return true;
    }
    if (place_ != Place::tensor || field_ != "dtype") {
      unexpected("text");
    }
    entries_.back().dtype = dtype_of(value);
    return true;
  }

  bool start_object(size_t) {
    if (place_ == Place::outside) {
      place_ = Place::root;
    } else if (place_ == Place::root_value) {
      if (root_key_ == "__metadata__") {
        place_ = Place::metadata;
      } else {
        place_ = Place::tensor;
        entries_.push_back({root_key_, {}, {}, 0, 0});
      }
      keys_.clear();
    } else {
      unexpected("an object");
    }
    return true;
  }

  bool key(std::string& name) {
    if (place_ == Place::root) {
      if (!root_keys_.insert(name).second) {
        fail("tensor " + in_quotes(name) + " appears twice");
      }
      root_key_ = name;
      place_ = Place::root_value;
      return true;
    }
    if (place_ == Place::tensor && name != "dtype" && name != "shape" && name != "data_offsets") {
      fail("tensor " + in_quotes(root_key_) + " has an unknown key " + in_quotes(name));
    }
    if (!keys_.insert(name).second) {
      fail(in_quotes(root_key_) + " has the key " + in_quotes(name) + " twice");
    }
    field_ = name;
    return true;
  }

  bool start_array(size_t) {
    if (place_ != Place::tensor || field_ == "dtype") {
      return unexpected("an array");
    }
    place_ = field_ == "shape" ? Place::shape : Place::offsets;
    offset_count_ = 0;
    return true;
  }

  bool end_array() {
    if (place_ == Place::offsets && offset_count_ != 2) {
      fail("data_offsets of tensor " + in_quotes(root_key_) + " must be two numbers");
    }
    place_ = Place::tensor;
    return true;
  }

  bool end_object() {
    if (place_ == Place::tensor && keys_.size() != 3) {
      fail("tensor " + in_quotes(root_key_) + " lacks dtype, shape or data_offsets");
    }
    place_ = place_ == Place::root ? Place::outside : Place::root;
    return true;
  }

  bool parse_error(size_t position, const std::string&, const nlohmann::detail::exception&) {
    fail("the header is not valid JSON at byte " + std::to_string(position));
  }

 private:
  enum class Place { outside, root, root_value, metadata, tensor, shape, offsets };
  static constexpr size_t kLargestRank = 64;

  [[noreturn]] void fail(const std::string& message) const { throw bad_file(file_, message); }

  bool unexpected(const char* what) const {
    fail(std::string("unexpected ") + what + " in the header" +
         (root_key_.empty() ? "" : ", at " + in_quotes(root_key_)));
  }

  DType dtype_of(const std::string& name) const {
    constexpr DType kAll[] = {DType::f64, DType::f32, DType::f16, DType::bf16, DType::i64,
                              DType::i32, DType::i16, DType::i8,  DType::u8,   DType::boolean};
    for (const DType dtype : kAll) {
      if (name == dtype_name(dtype)) {
        return dtype;
      }
    }
    fail("tensor " + in_quotes(root_key_) + " has type " + in_quotes(name) + ", which is not supported");
  }

  const std::string& file_;
  std::vector<HeaderEntry> entries_;
  Place place_ = Place::outside;
  std::set<std::string> root_keys_;
  std::set<std::string> keys_;  // of the object being read
  std::string root_key_;
  std::string field_;
  int offset_count_ = 0;
};

}  // namespace

std::vector<HeaderEntry> parse_safetensors_header(std::string_view text, const std::string& file) {
  if (!text.starts_with('{')) {
    throw bad_file(file, "not a safetensors file: the header must start with '{'");
  }
  Handler handler(file);
  nlohmann::json::sax_parse(text.begin(), text.end(), &handler);
  return handler.take_entries();
}

}  // namespace diffbench::data
