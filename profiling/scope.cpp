#include "profiling/scope.h"

#include "profiling/clock.h"
#include "profiling/nvtx.h"
#include "profiling/session.h"

namespace diffbench::profiling::internal {

const Recording* open_scope(Phase phase, const char* name, ScopeFields fields) noexcept {
  ThreadBuffer* buffer = current_buffer();
  if (buffer == nullptr) {
    return nullptr;
  }
  buffer->open_scope(phase, name, fields);
  return &buffer->session().recording();
}

void close_scope(const Recording* recording) noexcept {
  if (recording->kernels != nullptr) {
    recording->kernels->pop_scope();
  }
  if (recording->ranges != nullptr) {
    recording->ranges->pop();
  }
  ThreadBuffer* buffer = current_buffer();
  if (buffer != nullptr && &buffer->session().recording() == recording) {
    buffer->close_scope();
  }
}

void open_operator(const char* name, const void* key) noexcept {
  if (ThreadBuffer* buffer = current_buffer()) {
    buffer->open_operator(name, key, [](const void*) { return true; });
  }
}

void close_operator(const void* key, const OperationCost& cost) noexcept {
  ThreadBuffer* buffer = current_buffer();
  if (buffer != nullptr && buffer->innermost_operator(key) != nullptr) {
    buffer->close_operator(realtime_ns(), cost, kNone);
  }
}

}  // namespace diffbench::profiling::internal
