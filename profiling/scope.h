#pragma once
// What a piece of work is for, said where the work is done: the only header of profiling/ that methods/ may include.
//
//   Scope block(Phase::kBlock, "uncertainty_exit", {.block = index, .rows = rows, .rows_inside = inside});
//   Operation gather("row_copy", {.moved_bytes = 2.0 * size_bytes});   // a kernel of ours that LibTorch cannot see
//
// Both live on the stack and nest; an object lasts as long as what it names. While nothing records they cost one
// relaxed load and a branch (profiling/scope_bench.cpp), so they may stay in timed code. A field left out is taken from
// the enclosing scope of the same thread: step, evaluation, t. `name` is read before the constructor returns, never
// kept. Neither may outlive the thread that made it, and neither decides anything.

#include <atomic>
#include <cstdint>
#include <limits>

#include "profiling/records.h"

namespace diffbench::profiling {

struct RangeSink;
class KernelSource;

struct ScopeFields {
  std::int64_t step = kNone;
  std::int64_t evaluation = kNone;
  double t = std::numeric_limits<double>::quiet_NaN();  // model time
  std::int64_t block = kNone;
  std::int64_t rows = kNone;         // rows computed
  std::int64_t rows_inside = kNone;  // of them not yet left
};

// What one call does, where the caller knows it: FLOPs (a multiply-add is two) and bytes read and written at least.
struct OperationCost {
  double flops = std::numeric_limits<double>::quiet_NaN();
  double moved_bytes = std::numeric_limits<double>::quiet_NaN();
};

namespace internal {

// bits of `listening`: who wants to hear of what
inline constexpr std::uint32_t kRanges = 1;     // a tool that reads NVTX ranges
inline constexpr std::uint32_t kRecords = 2;    // a recording takes scopes
inline constexpr std::uint32_t kOperators = 4;  // a recording takes operators of the CPU

inline constinit std::atomic<std::uint32_t> listening{0};

// Which recording a scope belongs to, so that one that outlives it closes nothing of the next; and who was told of the
// scope and keeps a stack of his own, so that this stays balanced too. Lives as long as the process.
struct Recording {
  std::uint32_t number = 0;
  const RangeSink* ranges = nullptr;
  KernelSource* kernels = nullptr;
};

// nullptr: it was not opened. Everything by value: the caller then builds nothing while nobody listens.
const Recording* open_scope(Phase phase, const char* name, ScopeFields fields) noexcept;
void close_scope(const Recording* recording) noexcept;
// `key` tells calls in progress apart: any address that is the call's own.
void open_operator(const char* name, const void* key) noexcept;
void close_operator(const void* key, const OperationCost& cost) noexcept;

}  // namespace internal

class Scope {
 public:
  Scope(Phase phase, const char* name, const ScopeFields& fields = {}) {
    if (internal::listening.load(std::memory_order_relaxed) != 0) [[unlikely]] {
      recording_ = internal::open_scope(phase, name, fields);
    }
  }
  ~Scope() {
    if (recording_ != nullptr) [[unlikely]] {
      internal::close_scope(recording_);
    }
  }
  Scope(const Scope&) = delete;
  Scope& operator=(const Scope&) = delete;

 private:
  const internal::Recording* recording_ = nullptr;
};

// One call of a kernel that is not a LibTorch operator, as an activity of the CPU. LibTorch operators inside it are
// part of it. Where a GPU's kernels are recorded it records nothing, as its kernels are among them.
class Operation {
 public:
  explicit Operation(const char* name, const OperationCost& cost = {}) {
    if ((internal::listening.load(std::memory_order_relaxed) & internal::kOperators) != 0) [[unlikely]] {
      open_ = true;
      cost_ = cost;
      internal::open_operator(name, this);
    }
  }
  ~Operation() {
    if (open_) [[unlikely]] {
      internal::close_operator(this, cost_);
    }
  }
  Operation(const Operation&) = delete;
  Operation& operator=(const Operation&) = delete;

 private:
  bool open_ = false;
  OperationCost cost_;
};

}  // namespace diffbench::profiling
