#pragma once
// Where activities come from, as the recorder sees it: operators of the CPU, or kernels of a GPU. Implemented by
// cpu_operators.h (LibTorch) and cupti/kernels.h; a test gives its own.

#include <cstdint>
#include <string>

#include "profiling/records.h"

namespace diffbench::profiling {

// Calls internal::open_operator and close_operator while it is started.
class OperatorSource {
 public:
  virtual ~OperatorSource() = default;
  virtual void start(bool with_shapes) = 0;
  virtual void stop() = 0;
};

class KernelSource {
 public:
  virtual ~KernelSource() = default;
  // Empty: kernels are being recorded. Else one line that says why they cannot be, and nothing was started.
  // `every_call`: also API calls that launch nothing, and synchronizations.
  virtual std::string start(bool every_call) = 0;
  // Between the two, what this thread launches belongs to this scope. Calls nest.
  virtual void push_scope(std::int64_t scope) = 0;
  virtual void pop_scope() = 0;
  // Waits for the device, and appends activities, strings and the count of lost records.
  virtual void stop(Profile& profile) = 0;
};

}  // namespace diffbench::profiling
