#include <cmath>
#include <numbers>

#include "kernels/philox_normal/philox_normal.h"
#include "kernels/philox_normal/philox_normal_math.h"

namespace diffbench::kernels {

// the definition, element by element and through libm
void philox_normal_reference(const PhiloxNormalArgs& args) {
  for (int64_t row = 0; row < args.rows; ++row) {
    for (int64_t element = 0; element < args.row_elements; ++element) {
      const auto words = philox_words(args.seed, args.sample_index[row], args.draw, static_cast<uint32_t>(element / 4));
      const auto pair = static_cast<size_t>(element % 4 / 2) * 2;
      const double uniform = (words[pair] + 0.5) / 4294967296.0;
      const double angle = 2.0 * std::numbers::pi * (words[pair + 1] / 4294967296.0);
      const double radius = std::sqrt(-2.0 * std::log(uniform));
      args.out[row * args.row_elements + element] =
          static_cast<float>(radius * (element % 2 == 0 ? std::cos(angle) : std::sin(angle)));
    }
  }
}

}  // namespace diffbench::kernels
