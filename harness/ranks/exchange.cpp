#include "harness/ranks/exchange.h"

namespace diffbench::ranks {

Bytes encode(const nlohmann::json& value) {
  const auto encoded = nlohmann::json::to_cbor(value);
  const auto view = std::as_bytes(std::span(encoded));
  return {view.begin(), view.end()};
}

nlohmann::json decode(const Bytes& bytes) {
  const auto* data = reinterpret_cast<const std::uint8_t*>(bytes.data());
  return nlohmann::json::from_cbor(data, data + bytes.size());
}

nlohmann::json share(const Communicator& world, const nlohmann::json& value) {
  Bytes bytes;
  if (world.rank() == 0) bytes = encode(value);
  return decode(world.broadcast(std::move(bytes)));
}

std::vector<nlohmann::json> collect(const Communicator& world, const nlohmann::json& value) {
  std::vector<nlohmann::json> values;
  for (const auto& bytes : world.gather(encode(value))) {
    values.push_back(decode(bytes));
  }
  return values;
}

}  // namespace diffbench::ranks
