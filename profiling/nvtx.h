#pragma once
// Named ranges for a foreign tool (Nsight Systems and others), or nothing: CMake compiles nvtx_on.cpp where the NVTX
// headers are, else nvtx_none.cpp.
//
//   if (const RangeSink* sink = nvtx_sink()) { sink->push("p=block;b=3"); sink->pop(); }

#include <cstddef>
#include <string_view>

#include "profiling/records.h"

namespace diffbench::profiling {

struct RangeSink {
  void (*push)(const char* text);
  void (*pop)();
};

// nullptr: no tool listens, or this build knows no NVTX
const RangeSink* nvtx_sink();

inline constexpr std::size_t kRangeTextBytes = 256;

// The text of a scope's range, with a terminating zero, below kRangeTextBytes; returns its length. Grammar:
//   p=<phase>;n=<name>[;c=<cell>][;s=<step>][;e=<evaluation>][;t=<t>][;b=<block>][;r=<rows>][;i=<rows inside>]
// A ';' or '=' in a name becomes '_', and a name is cut after 64 bytes.
std::size_t write_range_text(char* text, const ScopeRecord& scope, std::string_view name);

// as in column scope.phase: "sampling", "evaluation", "embed", ...
std::string_view phase_name(Phase phase);

}  // namespace diffbench::profiling
