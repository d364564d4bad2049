#pragma once
// A CUDA stream as kernels take it, declared so that callers compile without the CUDA headers.
//
//   philox_normal_cuda(args, static_cast<Stream>(native_handle));

struct CUstream_st;

namespace diffbench::kernels {

using Stream = CUstream_st*;

}  // namespace diffbench::kernels
