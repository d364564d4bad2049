#include <dlfcn.h>

#include "profiling/cupti/functions.h"

namespace diffbench::profiling::cupti {
namespace {

// Remembers the first function that is missing.
class Symbols {
 public:
  explicit Symbols(void* library) : library_(library) {}

  template <typename Function>
  void find(const char* name, Function& function) {
    function = reinterpret_cast<Function>(dlsym(library_, name));
    if (function == nullptr && missing_.empty()) {
      missing_ = name;
    }
  }
  const std::string& missing() const { return missing_; }

 private:
  void* library_;
  std::string missing_;
};

}  // namespace

Library open_library(const char* driver, const char* library) {
  Library result;
  void* const driver_handle = dlopen(driver, RTLD_LAZY);
  if (driver_handle == nullptr) {
    result.reason = std::string("no NVIDIA driver (") + driver + ")";
    return result;
  }
  void* const handle = dlopen(library, RTLD_LAZY);
  if (handle == nullptr) {
    result.reason = std::string("no ") + library;
    return result;
  }
  Functions& functions = result.functions;
  Symbols symbols(handle);
  symbols.find("cuptiGetVersion", functions.get_version);
  symbols.find("cuptiGetResultString", functions.get_result_string);
  symbols.find("cuptiSubscribe_v2", functions.subscribe);
  symbols.find("cuptiEnableCallback", functions.enable_callback);
  symbols.find("cuptiGetCallbackName", functions.get_callback_name);
  symbols.find("cuptiSetThreadIdType", functions.set_thread_id_type);
  symbols.find("cuptiActivityRegisterCallbacks", functions.register_callbacks);
  symbols.find("cuptiActivityEnable", functions.enable);
  symbols.find("cuptiActivityDisable", functions.disable);
  symbols.find("cuptiActivityEnableDriverApi", functions.enable_driver_api);
  symbols.find("cuptiActivityFlushAll", functions.flush_all);
  symbols.find("cuptiActivityGetNextRecord", functions.get_next_record);
  symbols.find("cuptiActivityGetNumDroppedRecords", functions.get_dropped_count);
  symbols.find("cuptiActivityPushExternalCorrelationId", functions.push_external_id);
  symbols.find("cuptiActivityPopExternalCorrelationId", functions.pop_external_id);
  symbols.find("cuptiGetGraphNodeId", functions.get_graph_node_id);
  Symbols driver_symbols(driver_handle);
  driver_symbols.find("cuCtxSynchronize", functions.synchronize);
  const std::string& missing = symbols.missing().empty() ? driver_symbols.missing() : symbols.missing();
  if (!missing.empty()) {
    result.reason = std::string(library) + " lacks " + missing;
  }
  return result;
}

}  // namespace diffbench::profiling::cupti
