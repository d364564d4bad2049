#pragma once
// Four random words to four unit normals, with +, -, *, / and sqrt alone: IEEE 754 rounds these the same on every CPU
// and GPU (libm's log and cos do not). Compile with contraction off (kernels/CMakeLists.txt does).

#include <Random123/philox.h>

#include <cmath>
#include <cstdint>

#ifdef __CUDACC__
#define DIFFBENCH_HOST_DEVICE __host__ __device__
#else
#define DIFFBENCH_HOST_DEVICE
#endif

namespace diffbench::kernels {

// ln((word + 1/2) / 2^32): the exponent by shifting, the mantissa m in [0.70, 1.42) by 2 artanh((m - 1) / (m + 1))
DIFFBENCH_HOST_DEVICE inline double log_of_uniform(uint32_t word) {
  double mantissa = static_cast<double>(word) + 0.5;
  double exponent = -32.0;
  for (int shift = 16; shift > 0; shift /= 2) {
    const double power = static_cast<double>(uint64_t{1} << shift);
    if (mantissa >= power) {
      mantissa /= power;
      exponent += shift;
    }
  }
  if (mantissa > 1.4142135623730951) {
    mantissa *= 0.5;
    exponent += 1.0;
  } else if (mantissa < 0.75) {  // only word 0
    mantissa *= 2.0;
    exponent -= 1.0;
  }
  const double f = (mantissa - 1.0) / (mantissa + 1.0);
  const double s = f * f;
  double series = 0.0;  // sum of s^k / (2k + 1), truncated below 1e-17
  for (int k = 11; k >= 0; --k) {
    series = series * s + 1.0 / (2 * k + 1);
  }
  return exponent * 0.6931471805599453 + 2.0 * f * series;
}

// cos and sin of a full turn times word / 2^32: the quadrant from the high bits, the rest in [-pi/4, pi/4] by Taylor
DIFFBENCH_HOST_DEVICE inline void cos_sin_of_turn(uint32_t word, double& cosine, double& sine) {
  const uint32_t quadrant = (word + (1u << 29)) >> 30;
  const auto rest = static_cast<int32_t>(word - (quadrant << 30));
  const double angle = rest * (6.283185307179586 / 4294967296.0);
  const double square = angle * angle;
  double even = 1.0;
  double odd = 1.0;
  for (int k = 8; k >= 1; --k) {
    even = 1.0 - even * square / ((2 * k - 1) * (2 * k));
    odd = 1.0 - odd * square / ((2 * k) * (2 * k + 1));
  }
  odd *= angle;
  switch (quadrant & 3u) {
    case 0:
      cosine = even;
      sine = odd;
      break;
    case 1:
      cosine = -odd;
      sine = even;
      break;
    case 2:
      cosine = -even;
      sine = -odd;
      break;
    default:
      cosine = odd;
      sine = -even;
      break;
  }
}

DIFFBENCH_HOST_DEVICE inline void box_muller(uint32_t first, uint32_t second, float& normal_a, float& normal_b) {
  double cosine = 0.0;
  double sine = 0.0;
  cos_sin_of_turn(second, cosine, sine);
  const double radius = sqrt(-2.0 * log_of_uniform(first));
  normal_a = static_cast<float>(radius * cosine);
  normal_b = static_cast<float>(radius * sine);
}

DIFFBENCH_HOST_DEVICE inline r123::Philox4x32::ctr_type philox_words(uint64_t seed, int64_t sample, uint32_t draw,
                                                                     uint32_t block) {
  const auto index = static_cast<uint64_t>(sample);
  const r123::Philox4x32::ctr_type counter = {
      {block, draw, static_cast<uint32_t>(index), static_cast<uint32_t>(index >> 32)}};
  const r123::Philox4x32::key_type key = {{static_cast<uint32_t>(seed), static_cast<uint32_t>(seed >> 32)}};
  return r123::Philox4x32()(counter, key);
}

// the four normals number 4 * block .. 4 * block + 3 of one sample's draw
DIFFBENCH_HOST_DEVICE inline void philox_normal_block(uint64_t seed, int64_t sample, uint32_t draw, uint32_t block,
                                                      float normals[4]) {
  const auto words = philox_words(seed, sample, draw, block);
  box_muller(words[0], words[1], normals[0], normals[1]);
  box_muller(words[2], words[3], normals[2], normals[3]);
}

}  // namespace diffbench::kernels
