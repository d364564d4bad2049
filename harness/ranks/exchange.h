#pragma once
// The one form in which ranks exchange plain data: JSON values (as CBOR on the wire, so numbers, NaN and bytes arrive
// as they left), with arrays of trivially copyable values as blobs.
//
//   const bool warm = share(world, is_warm).get<bool>();                       // rank 0's, on every rank
//   for (const auto& from : collect(world, {{"durations_ns", to_blob(durations)}})) {      // on rank 0, by rank
//     use(from_blob<int64_t>(from.at("durations_ns")));
//   }
//
// Both are collectives; encode() and decode() are what they send, for letters (mail.h). Ranks run the same program on
// the same kind of machine: a blob is the bytes in memory.

#include <cstring>
#include <nlohmann/json.hpp>
#include <type_traits>
#include <vector>

#include "harness/ranks/communicator.h"

namespace diffbench::ranks {

Bytes encode(const nlohmann::json& value);
nlohmann::json decode(const Bytes& bytes);

// rank 0's value on every rank; what the others pass is not read
nlohmann::json share(const Communicator& world, const nlohmann::json& value);

// on rank 0 one value per rank, in rank order; empty elsewhere
std::vector<nlohmann::json> collect(const Communicator& world, const nlohmann::json& value);

template <typename T>
nlohmann::json to_blob(const std::vector<T>& values) {
  static_assert(std::is_trivially_copyable_v<T>);
  std::vector<std::uint8_t> bytes(values.size() * sizeof(T));
  if (!bytes.empty()) {
    std::memcpy(bytes.data(), values.data(), bytes.size());
  }
  return nlohmann::json::binary(std::move(bytes));
}

template <typename T>
std::vector<T> from_blob(const nlohmann::json& blob) {
  static_assert(std::is_trivially_copyable_v<T>);
  const auto& bytes = blob.get_binary();
  std::vector<T> values(bytes.size() / sizeof(T));
  if (!bytes.empty()) {
    std::memcpy(static_cast<void*>(values.data()), bytes.data(), bytes.size());
  }
  return values;
}

}  // namespace diffbench::ranks
