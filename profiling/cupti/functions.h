#pragma once
// The functions of libcupti that we call, as pointers, so that a program starts without the library and a test can
// stand in for it. Includes CUPTI's headers: only files that CMake compiles where they are may include it.
//
//   const Library library = open_library();
//   if (library.reason.empty()) library.functions.get_version(&version);

#include <cupti.h>

#include <string>

namespace diffbench::profiling::cupti {

struct Functions {
  decltype(&cuptiGetVersion) get_version = nullptr;
  decltype(&cuptiGetResultString) get_result_string = nullptr;
  decltype(&cuptiSubscribe_v2) subscribe = nullptr;
  decltype(&cuptiEnableCallback) enable_callback = nullptr;
  decltype(&cuptiGetCallbackName) get_callback_name = nullptr;
  decltype(&cuptiSetThreadIdType) set_thread_id_type = nullptr;
  decltype(&cuptiActivityRegisterCallbacks) register_callbacks = nullptr;
  decltype(&cuptiActivityEnable) enable = nullptr;
  decltype(&cuptiActivityDisable) disable = nullptr;
  decltype(&cuptiActivityEnableDriverApi) enable_driver_api = nullptr;
  decltype(&cuptiActivityFlushAll) flush_all = nullptr;
  decltype(&cuptiActivityGetNextRecord) get_next_record = nullptr;
  decltype(&cuptiActivityGetNumDroppedRecords) get_dropped_count = nullptr;
  decltype(&cuptiActivityPushExternalCorrelationId) push_external_id = nullptr;
  decltype(&cuptiActivityPopExternalCorrelationId) pop_external_id = nullptr;
  decltype(&cuptiGetGraphNodeId) get_graph_node_id = nullptr;
  CUresult (*synchronize)() = nullptr;  // cuCtxSynchronize, of the driver
};

struct Library {
  Functions functions;
  std::string reason;  // why it cannot be used; empty: every function is there
};

// Opened once, by its soname, and never closed. Asks for the driver first: without it CUPTI answers only "unknown
// error".
Library open_library(const char* driver = "libcuda.so.1", const char* library = "libcupti.so.13");

}  // namespace diffbench::profiling::cupti
