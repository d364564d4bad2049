#include "harness/ranks/exchange.h"

namespace diffbench::ranks {
namespace {

std::vector<std::uint8_t> encode(const nlohmann::json& value) { return nlohmann::json::to_cbor(value); }

nlohmann::json decode(const Bytes& bytes) {
  const auto* data = reinterpret_cast<const std::uint8_t*>(bytes.data());
  return nlohmann::json::from_cbor(data, data + bytes.size());
}

}  // namespace

nlohmann::json share(const Communicator& world, const nlohmann::json& value) {
  Bytes bytes;
  if (world.rank() == 0) {
    const auto encoded = encode(value);
    const auto view = std::as_bytes(std::span(encoded));
    bytes.assign(view.begin(), view.end());
  }
  return decode(world.broadcast(std::move(bytes)));
}

std::vector<nlohmann::json> collect(const Communicator& world, const nlohmann::json& value) {
  const auto encoded = encode(value);
  std::vector<nlohmann::json> values;
  for (const auto& bytes : world.gather(std::as_bytes(std::span(encoded)))) {
    values.push_back(decode(bytes));
  }
  return values;
}

}  // namespace diffbench::ranks
