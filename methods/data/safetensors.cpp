#include "methods/data/safetensors.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>

#include "methods/data/byte_reader.h"
#include "methods/data/checked_size.h"
#include "methods/data/safetensors_header.h"

namespace diffbench::data {
namespace {

constexpr uint64_t kLongestHeader = 100'000'000;  // the limit of the reference implementation
constexpr size_t kAlignment_bytes = 8;

// the ranges must tile the data: a gap could hide bytes, an overlap could blow a small file up
void check_coverage(std::vector<HeaderEntry> entries, size_t data_size, const std::string& file) {
  std::sort(entries.begin(), entries.end(), [](const HeaderEntry& a, const HeaderEntry& b) {
    return std::pair(a.begin, a.end) < std::pair(b.begin, b.end);
  });
  uint64_t covered = 0;
  for (const auto& entry : entries) {
    if (entry.begin != covered) {
      throw bad_file(file, "tensor " + in_quotes(entry.name) + " starts at byte " + std::to_string(entry.begin) +
                               " of the data, not at " + std::to_string(covered) + " where the one before it ends");
    }
    covered = entry.end;
  }
  if (covered != data_size) {
    throw bad_file(file, "the header describes " + std::to_string(covered) + " bytes of data, the file holds " +
                             std::to_string(data_size));
  }
}

std::string header_of(const std::vector<const NamedTensors::value_type*>& tensors,
                      const std::map<std::string, std::string>& metadata) {
  auto header = nlohmann::ordered_json::object();
  if (!metadata.empty()) {
    header["__metadata__"] = metadata;
  }
  size_t offset = 0;
  for (const auto* entry : tensors) {
    const auto& [name, tensor] = *entry;
    header[name] = {{"dtype", dtype_name(tensor.dtype)},
                    {"shape", tensor.shape},
                    {"data_offsets", {offset, offset + tensor.bytes.size()}}};
    offset += tensor.bytes.size();
  }
  std::string text = header.dump();
  text.append((kAlignment_bytes - text.size() % kAlignment_bytes) % kAlignment_bytes, ' ');
  return text;
}

}  // namespace

NamedTensors parse_safetensors(std::span<const std::byte> bytes, const std::string& file) {
  ByteReader in(bytes, file);
  const auto header_size = in.little_endian<uint64_t>();
  if (header_size > kLongestHeader || header_size > in.remaining()) {
    throw bad_file(file, "truncated, or not a safetensors file: it claims a header of " + std::to_string(header_size) +
                             " bytes, " + std::to_string(in.remaining()) + " are left");
  }
  const auto entries = parse_safetensors_header(in.take_text(static_cast<size_t>(header_size)), file);
  const auto data = in.take(in.remaining());
  for (const auto& entry : entries) {
    if (entry.begin > entry.end || entry.end > data.size()) {
      throw bad_file(file, "tensor " + in_quotes(entry.name) + " ends outside the file (truncated?)");
    }
    if (checked_size_bytes(entry.dtype, entry.shape) != entry.end - entry.begin) {
      throw bad_file(file, "tensor " + in_quotes(entry.name) + " has " + std::to_string(entry.end - entry.begin) +
                               " bytes, which is not what its shape and type need");
    }
  }
  check_coverage(entries, data.size(), file);

  NamedTensors tensors;
  for (const auto& entry : entries) {
    const auto part = data.subspan(entry.begin, entry.end - entry.begin);
    tensors.emplace(entry.name, RawTensor{entry.dtype, entry.shape, {part.begin(), part.end()}});
  }
  return tensors;
}

NamedTensors read_safetensors(const std::filesystem::path& path) {
  const MappedFile file(path);
  return parse_safetensors(file.bytes(), path.string());
}

void write_safetensors(const std::filesystem::path& path, const NamedTensors& tensors,
                       const std::map<std::string, std::string>& metadata) {
  // widest types first, as the reference implementation does: every tensor is then aligned to its type
  std::vector<const NamedTensors::value_type*> order;
  for (const auto& entry : tensors) {
    if (entry.first == "__metadata__") {
      throw bad_file(path.string(), "a tensor cannot be called __metadata__ in a safetensors file");
    }
    order.push_back(&entry);
  }
  std::stable_sort(order.begin(), order.end(), [](const auto* a, const auto* b) {
    return size_bytes(a->second.dtype) > size_bytes(b->second.dtype);
  });
  std::string header;
  try {
    header = header_of(order, metadata);
  } catch (const nlohmann::json::type_error&) {
    throw bad_file(path.string(), "names and metadata of a safetensors file must be UTF-8");
  }
  write_atomically(path, [&](const std::filesystem::path& temporary) {
    std::ofstream out(temporary, std::ios::binary);
    for (size_t i = 0; i < sizeof(uint64_t); ++i) {
      out.put(static_cast<char>(static_cast<uint64_t>(header.size()) >> (8 * i) & 0xff));
    }
    out << header;
    for (const auto* entry : order) {
      const auto& bytes = entry->second.bytes;
      out.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    }
    out.close();
    if (!out) {
      throw bad_file(path.string(), std::string("cannot write this file: ") + std::strerror(errno));
    }
  });
}

}  // namespace diffbench::data
