#include "methods/model/freed_memory.h"

#include <cstdlib>  // defines __GLIBC__
#ifdef __GLIBC__
#include <malloc.h>
#endif

namespace diffbench {

void keep_freed_memory() {
#ifdef __GLIBC__
  ::mallopt(M_MMAP_MAX, 0);         // large blocks come from the heap too
  ::mallopt(M_TRIM_THRESHOLD, -1);  // and the heap never shrinks
#endif
}

}  // namespace diffbench
