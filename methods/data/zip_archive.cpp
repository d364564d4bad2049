#include "methods/data/zip_archive.h"

#include <zip.h>

#include <stdexcept>

#include "methods/data/file_io.h"

namespace diffbench::data {
namespace {

std::string text_of(zip_error_t& error) {
  std::string text = zip_error_strerror(&error);
  zip_error_fini(&error);
  return text;
}

zip_t* open_bytes(std::span<const std::byte> bytes, const std::string& file) {
  zip_error_t error;
  zip_error_init(&error);
  zip_source_t* source = zip_source_buffer_create(bytes.data(), bytes.size(), 0, &error);
  if (source == nullptr) {
    throw std::runtime_error("libzip: " + text_of(error));
  }
  zip_t* archive = zip_open_from_source(source, ZIP_RDONLY, &error);
  if (archive == nullptr) {
    zip_source_free(source);
    throw bad_file(file, "damaged or truncated zip archive: " + text_of(error));
  }
  zip_error_fini(&error);
  return archive;
}

void check_entry(const zip_stat_t& entry, const std::string& file) {
  constexpr uint64_t kDeflateLimit = 1032;  // no deflate stream unpacks to more per byte
  constexpr uint64_t kNeeded = ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE | ZIP_STAT_COMP_METHOD | ZIP_STAT_ENCRYPTION_METHOD;
  const auto fail = [&](const char* message) { throw bad_file(file, "entry " + in_quotes(entry.name) + message); };
  if ((entry.valid & kNeeded) != kNeeded || entry.encryption_method != ZIP_EM_NONE) {
    fail(" is encrypted or damaged");
  }
  if (entry.comp_method != ZIP_CM_STORE && entry.comp_method != ZIP_CM_DEFLATE) {
    fail(" is packed with a method other than deflate");
  }
  const uint64_t limit = entry.comp_method == ZIP_CM_STORE ? entry.comp_size : entry.comp_size * kDeflateLimit;
  if (entry.size > limit) {
    fail(" claims more bytes than the file can hold");
  }
}

}  // namespace

ZipArchive::ZipArchive(std::span<const std::byte> bytes, std::string file)
    : file_(std::move(file)), archive_(open_bytes(bytes, file_), zip_discard) {
  const zip_int64_t count = zip_get_num_entries(archive_.get(), 0);
  uint64_t packed_bytes = 0;
  for (zip_int64_t i = 0; i < count; ++i) {
    const auto index = static_cast<zip_uint64_t>(i);
    zip_stat_t status;
    zip_stat_init(&status);
    if (zip_stat_index(archive_.get(), index, 0, &status) != 0 || (status.valid & ZIP_STAT_NAME) == 0) {
      throw bad_file(file_, "damaged zip archive: " + std::string(zip_strerror(archive_.get())));
    }
    const std::string name = status.name;
    if (name.ends_with('/')) {
      continue;
    }
    if ((status.valid & ZIP_STAT_COMP_SIZE) != 0 && status.comp_size > bytes.size() - packed_bytes) {
      throw bad_file(file_, "entry " + in_quotes(name) + " claims more bytes than the file can hold");
    }
    check_entry(status, file_);
    packed_bytes += status.comp_size;
    if (!entries_.emplace(name, ZipEntry{index, status.size}).second) {
      throw bad_file(file_, "entry " + in_quotes(name) + " appears twice");
    }
  }
}

std::vector<std::byte> ZipArchive::read(const std::string& name) const {
  const auto found = entries_.find(name);
  if (found == entries_.end()) {
    throw bad_file(file_, "the archive has no entry " + in_quotes(name));
  }
  const std::unique_ptr<zip_file_t, int (*)(zip_file_t*)> entry(zip_fopen_index(archive_.get(), found->second.index, 0),
                                                                zip_fclose);
  if (entry == nullptr) {
    throw bad_file(file_, "cannot read entry " + in_quotes(name) + ": " + zip_strerror(archive_.get()));
  }
  std::vector<std::byte> data(found->second.size_bytes);
  size_t filled = 0;
  while (filled < data.size()) {
    const zip_int64_t got = zip_fread(entry.get(), data.data() + filled, data.size() - filled);
    if (got <= 0) {
      throw bad_file(file_, "entry " + in_quotes(name) + " is damaged or truncated");
    }
    filled += static_cast<size_t>(got);
  }
  std::byte beyond{};  // libzip verifies the checksum when it meets the end
  if (zip_fread(entry.get(), &beyond, 1) != 0) {
    throw bad_file(file_, "entry " + in_quotes(name) + " is damaged: its size or checksum is wrong");
  }
  return data;
}

bool is_zip(std::span<const std::byte> bytes) {
  return bytes.size() >= 2 && bytes[0] == std::byte{'P'} && bytes[1] == std::byte{'K'};
}

void write_zip(const std::filesystem::path& path, const std::map<std::string, std::vector<std::byte>>& entries,
               Packing packing) {
  write_atomically(path, [&](const std::filesystem::path& temporary) {
    zip_error_t error;
    zip_error_init(&error);
    int code = 0;
    const auto fail = [&](const std::string& text) {
      throw bad_file(path.string(), "cannot write this file: " + text);
    };
    std::unique_ptr<zip_t, void (*)(zip_t*)> archive(zip_open(temporary.c_str(), ZIP_CREATE | ZIP_TRUNCATE, &code),
                                                     zip_discard);
    if (archive == nullptr) {
      zip_error_init_with_code(&error, code);
      fail(text_of(error));
    }
    for (const auto& [name, bytes] : entries) {
      zip_source_t* source = zip_source_buffer(archive.get(), bytes.data(), bytes.size(), 0);
      const zip_int64_t index = source == nullptr ? -1 : zip_file_add(archive.get(), name.c_str(), source, 0);
      if (index < 0) {
        zip_source_free(source);
        fail(zip_strerror(archive.get()));
      }
      constexpr zip_uint16_t kFirstOfJanuary1980 = 1 << 5 | 1;  // a fixed date keeps the file reproducible
      zip_set_file_compression(archive.get(), static_cast<zip_uint64_t>(index),
                               packing == Packing::kStored ? ZIP_CM_STORE : ZIP_CM_DEFLATE, 0);
      zip_file_set_dostime(archive.get(), static_cast<zip_uint64_t>(index), 0, kFirstOfJanuary1980, 0);
    }
    if (zip_close(archive.get()) != 0) {
      fail(zip_strerror(archive.get()));
    }
    archive.release();  // zip_close has freed it
  });
}

}  // namespace diffbench::data
