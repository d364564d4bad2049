#include <vector>

#include "kernels/row_copy/row_copy.h"
#include "kernels/row_copy/row_copy_check.h"

namespace diffbench::kernels {

// the definition, byte by byte; a copy of every source comes first, so that in place is no special case
void row_copy_reference(const RowCopyArgs& args) {
  check_row_copy(args);
  check_row_copy_indices(args);
  for (int t = 0; t < args.tensor_count; ++t) {
    const int64_t row_bytes = args.tensors[t].row_bytes;
    const auto* source = static_cast<const unsigned char*>(args.tensors[t].source);
    auto* destination = static_cast<unsigned char*>(args.tensors[t].destination);
    const int64_t source_rows = args.count == 0 ? 0 : args.source_rows;
    const std::vector<unsigned char> old(source, source + source_rows * row_bytes);
    for (int64_t i = 0; i < args.count; ++i) {
      for (int64_t b = 0; b < row_bytes; ++b) {
        destination[i * row_bytes + b] = old[static_cast<size_t>(args.rows[i] * row_bytes + b)];
      }
    }
  }
}

}  // namespace diffbench::kernels
