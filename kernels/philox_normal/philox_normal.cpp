#include "kernels/philox_normal/philox_normal.h"

#include <algorithm>

#include "kernels/philox_normal/philox_normal_math.h"

namespace diffbench::kernels {

void philox_normal_cpu(const PhiloxNormalArgs& args) {
  for (int64_t row = 0; row < args.rows; ++row) {
    float* out = args.out + row * args.row_elements;
    for (int64_t first = 0; first < args.row_elements; first += 4) {
      float normals[4];
      philox_normal_block(args.seed, args.sample_index[row], args.draw, static_cast<uint32_t>(first / 4), normals);
      std::copy_n(normals, std::min<int64_t>(4, args.row_elements - first), out + first);
    }
  }
}

}  // namespace diffbench::kernels
