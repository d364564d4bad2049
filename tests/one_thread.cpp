// Linked into every test with LibTorch: one thread, before the first operator runs. LibTorch's threads spin while they
// wait, and a dozen test programs beside each other took thirty times as long.
#include <ATen/Parallel.h>

namespace {

const bool kIsSet = [] {
  at::set_num_threads(1);
  return true;
}();

}  // namespace
