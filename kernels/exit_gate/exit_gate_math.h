#pragma once
// The pieces of exit_gate that must give the same bits on every CPU and GPU: additions, products and divisions in a
// fixed order, which IEEE 754 rounds alike everywhere (libm's exp does not). Compile with contraction off
// (kernels/CMakeLists.txt does).
//
//   float u = gate_sigmoid(logit);  // within 1.2e-7 of the exact value; NaN stays NaN

#include <cstdint>
#include <cstring>

#include "kernels/exit_gate/exit_gate.h"

#ifdef __CUDACC__
#define DIFFBENCH_HOST_DEVICE __host__ __device__
#else
#define DIFFBENCH_HOST_DEVICE
#endif

namespace diffbench::kernels {

constexpr int kGateLanes = 32;       // element e of a token goes to partial sum e % 32
constexpr int kGateTokenSlots = 16;  // token l of a row goes to partial mean l % 16

DIFFBENCH_HOST_DEVICE inline float gate_value(float value) { return value; }
DIFFBENCH_HOST_DEVICE inline double gate_value(double value) { return value; }
DIFFBENCH_HOST_DEVICE inline float gate_value(Bfloat16 value) {
  const uint32_t bits = static_cast<uint32_t>(value.bits) << 16;
  float result = 0;
  memcpy(&result, &bits, sizeof(result));
  return result;
}

// 1 / (1 + exp(-logit)); exp(x) = 2^n exp(r) with n the integer nearest to x / ln 2 and exp(r), |r| <= 0.347, by Taylor
DIFFBENCH_HOST_DEVICE inline float gate_sigmoid(float logit) {
  float x = -logit;
  x = x > 80.0f ? 80.0f : x;  // beyond, the sigmoid is 0 or 1 to 1e-34; a NaN passes both
  x = x < -80.0f ? -80.0f : x;
  constexpr float kShift = 12582912.0f;  // 1.5 * 2^23: adding it rounds to an integer, found in the low bits
  const float shifted = x * 1.44269504f + kShift;
  const float n = shifted - kShift;
  // ln 2 in two parts, the first with so few bits that n times it is exact
  const float r = (x - n * 0.693359375f) - n * -2.12194440e-4f;
  float power = 1.0f / 5040.0f;
  power = power * r + 1.0f / 720.0f;
  power = power * r + 1.0f / 120.0f;
  power = power * r + 1.0f / 24.0f;
  power = power * r + 1.0f / 6.0f;
  power = power * r + 0.5f;
  power = power * r + 1.0f;
  power = power * r + 1.0f;
  uint32_t bits = 0;
  memcpy(&bits, &shifted, sizeof(bits));
  bits = (bits << 23) + 0x3f800000u;  // 2^n
  float scale = 0;
  memcpy(&scale, &bits, sizeof(scale));
  return 1.0f / (1.0f + power * scale);
}

}  // namespace diffbench::kernels
