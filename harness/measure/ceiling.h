#pragma once
// What this machine reaches at best, measured: the roof of a roofline.
//
//   double flops = matmul_flops_per_s(compute);     // a large matrix product in the compute's precision
//   double bytes = copy_bytes_per_s(compute);       // a copy far larger than any cache, read and written bytes
//   store_ceilings(session);                        // of every precision of the suite, on every rank
//
// The fastest of five, with the threads that LibTorch has now. Ranks that share a machine measure at the same time, as
// they work at the same time.

#include "harness/measure/session.h"
#include "methods/model/compute.h"

namespace diffbench::measure {

double matmul_flops_per_s(const Compute& compute);
double copy_bytes_per_s(const Compute& compute);
void store_ceilings(Session& session);

}  // namespace diffbench::measure
