#include "methods/data/file_io.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>

namespace diffbench::data {
namespace {

class Descriptor {
 public:
  explicit Descriptor(const std::filesystem::path& path) : value_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {}
  ~Descriptor() {
    if (value_ >= 0) {
      ::close(value_);
    }
  }
  Descriptor(const Descriptor&) = delete;  // owns the descriptor
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return value_; }

 private:
  int value_;
};

}  // namespace

MappedFile::MappedFile(const std::filesystem::path& path) {
  const Descriptor file(path);
  struct stat status {};
  if (file.get() < 0 || ::fstat(file.get(), &status) != 0) {
    throw bad_file(path.string(), std::string("cannot read this file: ") + std::strerror(errno));
  }
  if (!S_ISREG(status.st_mode)) {
    throw bad_file(path.string(), "cannot read this file: not a regular file");
  }
  const auto size = static_cast<size_t>(status.st_size);
  if (size == 0) {
    return;  // nothing to map
  }
  void* start = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.get(), 0);
  if (start == MAP_FAILED) {
    throw bad_file(path.string(), std::string("cannot read this file: ") + std::strerror(errno));
  }
  bytes_ = {static_cast<const std::byte*>(start), size};
}

MappedFile::~MappedFile() {
  if (!bytes_.empty()) {
    ::munmap(const_cast<std::byte*>(bytes_.data()), bytes_.size());
  }
}

void write_atomically(const std::filesystem::path& path,
                      const std::function<void(const std::filesystem::path& temporary)>& write) {
  auto temporary = path;
  temporary += ".tmp" + std::to_string(::getpid());
  std::error_code error;
  try {
    write(temporary);
    std::filesystem::rename(temporary, path, error);
    if (error) {
      throw bad_file(path.string(), "cannot write this file: " + error.message());
    }
  } catch (...) {
    std::filesystem::remove(temporary, error);
    throw;
  }
}

void write_file(const std::filesystem::path& path, std::span<const std::byte> bytes) {
  write_atomically(path, [&](const std::filesystem::path& temporary) {
    std::ofstream out(temporary, std::ios::binary);
    out.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    out.close();
    if (!out) {
      throw bad_file(path.string(), std::string("cannot write this file: ") + std::strerror(errno));
    }
  });
}

config::InputError bad_file(std::string_view file, std::string_view message) {
  return config::InputError(std::string(file) + ": " + std::string(message));
}

std::string in_quotes(std::string_view name) {
  constexpr size_t kLongest = 120;
  constexpr char kHex[] = "0123456789abcdef";
  std::string text = "'";
  for (const char character : name.substr(0, kLongest)) {
    const auto code = static_cast<unsigned char>(character);
    if (code < 0x20 || code == 0x7f) {
      text += {'\\', 'x', kHex[code >> 4], kHex[code & 15]};
    } else {
      text += character;
    }
  }
  return text + (name.size() > kLongest ? "...'" : "'");
}

}  // namespace diffbench::data
