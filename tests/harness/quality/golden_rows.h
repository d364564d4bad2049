#pragma once
// The sets that make_goldens.py computes its numbers from, made from the same integers, and those numbers.

#include <ATen/ATen.h>

#include <cstdint>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

namespace diffbench::quality::testing {

inline uint64_t splitmix(uint64_t state) {
  uint64_t z = state + 0x9E3779B97F4A7C15ULL;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
  return z ^ (z >> 31);
}

inline at::Tensor uniforms(int64_t count, uint64_t seed) {
  auto values = at::empty({count}, at::kDouble);
  auto* out = values.mutable_data_ptr<double>();
  for (int64_t i = 0; i < count; ++i) {
    out[i] = static_cast<double>(splitmix((seed << 32) + static_cast<uint64_t>(i)) >> 11) * 0x1p-53;
  }
  return values;
}

inline at::Tensor rows(int64_t n, int64_t d, uint64_t seed, double shift = 0.0) {
  const auto mix = uniforms(d * d, 1000 + static_cast<uint64_t>(d)).reshape({d, d}) - 0.5;
  return (uniforms(n * d, seed).reshape({n, d}) - 0.5).mm(mix) + shift;
}

// u8 [n, 1, size, size]
inline at::Tensor images(int64_t n, int64_t size, uint64_t seed) {
  return (uniforms(n * size * size, seed) * 256).floor().to(at::kByte).reshape({n, 1, size, size});
}

inline std::string file(const std::string& name) { return DIFFBENCH_TESTS_DIR "/harness/quality/" + name; }

inline nlohmann::json json_of(const std::string& name) { return nlohmann::json::parse(std::ifstream(file(name))); }

inline const nlohmann::json& goldens() {
  static const nlohmann::json kGoldens = json_of("goldens.json");
  return kGoldens;
}

}  // namespace diffbench::quality::testing
