#include "methods/model/freed_memory.h"

#include <cstdlib>  // defines __GLIBC__
#ifdef __GLIBC__
#include <malloc.h>
#endif

namespace diffbench {
namespace {

bool is_kept = false;

}  // namespace

void keep_freed_memory() {
#ifdef __GLIBC__
  // large blocks come from the heap too, and the heap never shrinks
  is_kept = ::mallopt(M_MMAP_MAX, 0) == 1 && ::mallopt(M_TRIM_THRESHOLD, -1) == 1;
#endif
}

bool keeps_freed_memory() { return is_kept; }

}  // namespace diffbench
