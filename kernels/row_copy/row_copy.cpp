#include "kernels/row_copy/row_copy.h"

#include <cstring>

#include "kernels/row_copy/row_copy_check.h"

namespace diffbench::kernels {

void row_copy_cpu(const RowCopyArgs& args) {
  check_row_copy(args);
  check_row_copy_indices(args);
  for (int t = 0; t < args.tensor_count; ++t) {
    const RowCopyTensor& tensor = args.tensors[t];
    if (tensor.row_bytes == 0) {
      continue;
    }
    const auto* source = static_cast<const char*>(tensor.source);
    auto* destination = static_cast<char*>(tensor.destination);
    for (int64_t begin = 0, end = 0; begin < args.count; begin = end) {
      end = begin + 1;
      while (end < args.count && args.rows[end] == args.rows[end - 1] + 1) {
        ++end;
      }
      const int64_t from = args.rows[begin] * tensor.row_bytes;
      const int64_t to = begin * tensor.row_bytes;
      const auto bytes = static_cast<size_t>((end - begin) * tensor.row_bytes);
      if (!is_in_place(tensor)) {
        std::memcpy(destination + to, source + from, bytes);
      } else if (from != to) {
        std::memmove(destination + to, source + from,
                     bytes);  // indices ascend: only rows already moved are overwritten
      }
    }
  }
}

}  // namespace diffbench::kernels
