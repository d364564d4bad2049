// The one file of profiling/ that sees LibTorch.
#include <ATen/core/Tensor.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/core/ivalue.h>
#include <ATen/record_function.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "profiling/clock.h"
#include "profiling/cpu_operators.h"
#include "profiling/operator_cost.h"
#include "profiling/session.h"

namespace diffbench::profiling {
namespace {

// between recordings the callbacks are disabled, and one that is under way then does nothing
std::atomic<bool> is_started{false};

void fill_shape(const at::Tensor& tensor, TensorShape& shape) {
  shape.element_bytes = static_cast<std::int64_t>(tensor.element_size());
  shape.distinct_elements = -1;
  if (tensor.layout() != at::kStrided) {
    return;
  }
  std::int64_t distinct = 1;
  for (std::int64_t d = 0; d < tensor.dim(); ++d) {
    shape.sizes.push_back(tensor.size(d));
    distinct *= tensor.stride(d) == 0 && tensor.size(d) > 0 ? 1 : tensor.size(d);
  }
  shape.distinct_elements = distinct;
}

// calls take(tensor) for every defined tensor among the values, in order
template <typename Values, typename Take>
void each_tensor(const Values& values, const Take& take) {
  for (const c10::IValue& value : values) {
    if (value.isTensor() && value.toTensor().defined()) {
      take(value.toTensor());
    } else if (value.isTensorList()) {
      for (const at::Tensor& tensor : value.toTensorVector()) {
        take(tensor);
      }
    }
  }
}

// Registered for every device although they call a library of the CPU: no operator inside them shows the work.
constexpr std::array<std::string_view, 2> kLibraryCalls = {"aten::mkldnn_convolution",
                                                           "aten::_nnpack_spatial_convolution"};

// Whether the operator is implemented for the CPU itself, rather than by calling others.
bool has_cpu_kernel(const void* function) {
  const auto name = static_cast<const at::RecordFunction*>(function)->operator_name();
  if (!name) {
    return false;
  }
  if (std::find(kLibraryCalls.begin(), kLibraryCalls.end(), name->name) != kLibraryCalls.end()) {
    return true;
  }
  const auto handle = c10::Dispatcher::singleton().findOp(*name);
  return handle && handle->hasKernelForDispatchKey(c10::DispatchKey::CPU);
}

std::unique_ptr<at::ObserverContext> begin_operator(const at::RecordFunction& function) {
  if (is_started.load(std::memory_order_relaxed)) {
    if (ThreadBuffer* buffer = current_buffer()) {
      buffer->open_operator(function.name(), &function, has_cpu_kernel);
    }
  }
  return nullptr;  // the thread's own stack remembers, which saves an allocation for every operator
}

void end_operator(const at::RecordFunction& function, at::ObserverContext*) {
  const std::int64_t end_ns = realtime_ns();
  ThreadBuffer* buffer = current_buffer();
  if (buffer != nullptr && buffer->innermost_operator(&function) != nullptr) {
    buffer->close_operator(end_ns, {}, kNone);
  }
}

std::unique_ptr<at::ObserverContext> begin_operator_with_shapes(const at::RecordFunction& function) {
  if (is_started.load(std::memory_order_relaxed)) {
    if (ThreadBuffer* buffer = current_buffer()) {
      if (OperatorFrame* frame = buffer->open_operator(function.name(), &function, has_cpu_kernel)) {
        each_tensor(function.inputs(), [&](const at::Tensor& tensor) { fill_shape(tensor, frame->add_input()); });
        frame->begin_ns = realtime_ns();  // looking at the inputs is not the operator's time
      }
    }
  }
  return nullptr;
}

void end_operator_with_shapes(const at::RecordFunction& function, at::ObserverContext*) {
  const std::int64_t end_ns = realtime_ns();
  ThreadBuffer* buffer = current_buffer();
  const OperatorFrame* frame = buffer == nullptr ? nullptr : buffer->innermost_operator(&function);
  if (frame == nullptr) {
    return;
  }
  if (frame->has_child) {
    buffer->close_operator(end_ns, {}, kNone);
    return;
  }
  std::vector<TensorShape> outputs;
  each_tensor(function.outputs(), [&](const at::Tensor& tensor) { fill_shape(tensor, outputs.emplace_back()); });
  const std::span<const TensorShape> inputs(frame->inputs.data(), frame->input_count);
  // an operator without a kernel of its own that called no other did nothing: aten::to of what is there already
  const OperationCost cost = frame->owns_work ? operator_cost(function.name(), inputs, outputs) : OperationCost{};
  const std::int64_t shapes = inputs.empty() ? kNone : buffer->intern(shapes_text(inputs));
  buffer->close_operator(end_ns, cost, shapes);
}

class TorchOperators : public OperatorSource {
 public:
  void start(bool with_shapes) override {
    auto& handle = handles_[with_shapes ? 1 : 0];
    is_started.store(true, std::memory_order_relaxed);
    if (handle != at::INVALID_CALLBACK_HANDLE) {
      at::reenableCallback(handle);
    } else if (with_shapes) {
      handle = at::addGlobalCallback(at::RecordFunctionCallback(begin_operator_with_shapes, end_operator_with_shapes)
                                         .needsInputs(true)
                                         .needsOutputs(true)
                                         .scopes({at::RecordScope::FUNCTION}));
    } else {
      handle = at::addGlobalCallback(
          at::RecordFunctionCallback(begin_operator, end_operator).scopes({at::RecordScope::FUNCTION}));
    }
    active_handle_ = handle;
  }
  void stop() override {
    is_started.store(false, std::memory_order_relaxed);
    at::disableCallback(active_handle_);
  }

 private:
  std::array<at::CallbackHandle, 2> handles_{at::INVALID_CALLBACK_HANDLE, at::INVALID_CALLBACK_HANDLE};
  at::CallbackHandle active_handle_ = at::INVALID_CALLBACK_HANDLE;
};

}  // namespace

OperatorSource& cpu_operators() {
  static TorchOperators operators;
  return operators;
}

}  // namespace diffbench::profiling
