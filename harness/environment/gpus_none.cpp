#include "harness/environment/gpus.h"

namespace diffbench::environment {

CudaInfo query_cuda() { return {}; }

}  // namespace diffbench::environment
