#pragma once
// LibTorch's operators as activities, told by LibTorch itself (at::RecordFunction).
//
//   start_recording({.operators = &cpu_operators()});
//
// An activity is an operator that has a kernel of its own for the CPU; what that calls is part of it (aten::addmm
// copies its bias with aten::copy_, and is one activity). Operators that are made of others (aten::linear) are no
// activities, but those inside them are; one without a kernel that calls nothing is an activity too. So activities
// never overlap on a thread, and time between them is no activity. With shapes, FLOPs and moved bytes are counted
// (operator_cost.h), which costs more. Only the thread that calls an operator is seen, not the threads that it hands
// work to. The callbacks are registered at the first recording and disabled between recordings.

#include "profiling/sources.h"

namespace diffbench::profiling {

OperatorSource& cpu_operators();

}  // namespace diffbench::profiling
