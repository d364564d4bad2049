#include "tests/profiling/cupti/fake_cupti.h"

#include <algorithm>
#include <cstdio>
#include <utility>

namespace diffbench::profiling::cupti {
namespace {

std::size_t record_bytes(CUpti_ActivityKind kind) {
  switch (kind) {
    case CUPTI_ACTIVITY_KIND_CONCURRENT_KERNEL:
      return sizeof(CUpti_ActivityKernel10);
    case CUPTI_ACTIVITY_KIND_MEMCPY:
      return sizeof(CUpti_ActivityMemcpy6);
    case CUPTI_ACTIVITY_KIND_MEMCPY2:
      return sizeof(CUpti_ActivityMemcpyPtoP4);
    case CUPTI_ACTIVITY_KIND_MEMSET:
      return sizeof(CUpti_ActivityMemset4);
    case CUPTI_ACTIVITY_KIND_RUNTIME:
    case CUPTI_ACTIVITY_KIND_DRIVER:
      return sizeof(CUpti_ActivityAPI);
    case CUPTI_ACTIVITY_KIND_EXTERNAL_CORRELATION:
      return sizeof(CUpti_ActivityExternalCorrelation);
    case CUPTI_ACTIVITY_KIND_OVERHEAD:
      return sizeof(CUpti_ActivityOverhead3);
    case CUPTI_ACTIVITY_KIND_SYNCHRONIZATION:
      return sizeof(CUpti_ActivitySynchronization2);
    default:
      return sizeof(CUpti_ActivityStream);
  }
}

// the record behind *record, or the first
CUptiResult next_record(std::uint8_t* buffer, std::size_t valid_bytes, CUpti_Activity** record) {
  std::uint8_t* next = buffer;
  if (*record != nullptr) {
    next = reinterpret_cast<std::uint8_t*>(*record) + (record_bytes((*record)->kind) + 7) / 8 * 8;
  }
  if (next >= buffer + valid_bytes) {
    return CUPTI_ERROR_MAX_LIMIT_REACHED;
  }
  *record = reinterpret_cast<CUpti_Activity*>(next);
  return CUPTI_SUCCESS;
}

CUptiResult subscribe(CUpti_SubscriberHandle* handle, CUpti_CallbackFunc hear, void* data,
                      CUpti_SubscriberParams* parameters) {
  FakeCupti& fake = fake_cupti();
  if (!fake.holder.empty()) {
    std::snprintf(parameters->oldSubscriberName, parameters->oldSubscriberSize, "%s", fake.holder.c_str());
    return CUPTI_ERROR_MULTIPLE_SUBSCRIBERS_NOT_SUPPORTED;
  }
  ++fake.subscribed_count;
  fake.hear = hear;
  fake.hear_data = data;
  *handle = nullptr;
  return CUPTI_SUCCESS;
}

CUptiResult flush(std::uint32_t) {
  FakeCupti& fake = fake_cupti();
  for (RecordBuffer& records : fake.at_flush) {
    std::uint8_t* bytes = nullptr;
    std::size_t size = 0;
    std::size_t limit = 1;
    fake.give_buffer(&bytes, &size, &limit);
    std::memcpy(bytes, records.data(), records.size());
    fake.take_buffer(nullptr, 0, bytes, size, records.size());
  }
  fake.at_flush.clear();
  return CUPTI_SUCCESS;
}

Functions make_functions() {
  Functions functions;
  functions.get_version = [](std::uint32_t* version) {
    *version = fake_cupti().version;
    return CUPTI_SUCCESS;
  };
  functions.get_result_string = [](CUptiResult result, const char** text) {
    *text = result == CUPTI_ERROR_INSUFFICIENT_PRIVILEGES ? "CUPTI_ERROR_INSUFFICIENT_PRIVILEGES" : "other";
    return CUPTI_SUCCESS;
  };
  functions.subscribe = subscribe;
  functions.enable_callback = [](std::uint32_t, CUpti_SubscriberHandle, CUpti_CallbackDomain, CUpti_CallbackId) {
    return CUPTI_SUCCESS;
  };
  functions.get_callback_name = [](CUpti_CallbackDomain domain, std::uint32_t id, const char** name) {
    *name = domain == CUPTI_CB_DOMAIN_RUNTIME_API ? "cudaLaunchKernel_v7000" : "cuLaunchKernelEx";
    return id == 999 ? CUPTI_ERROR_INVALID_PARAMETER : CUPTI_SUCCESS;
  };
  functions.set_thread_id_type = [](CUpti_ActivityThreadIdType) { return CUPTI_SUCCESS; };
  functions.register_callbacks = [](CUpti_BuffersCallbackRequestFunc give, CUpti_BuffersCallbackCompleteFunc take) {
    fake_cupti().give_buffer = give;
    fake_cupti().take_buffer = take;
    return CUPTI_SUCCESS;
  };
  functions.enable = [](CUpti_ActivityKind kind) {
    if (fake_cupti().enable_result == CUPTI_SUCCESS) {
      fake_cupti().enabled.push_back(kind);
    }
    return fake_cupti().enable_result;
  };
  functions.disable = [](CUpti_ActivityKind kind) {
    std::erase(fake_cupti().enabled, kind);
    return CUPTI_SUCCESS;
  };
  functions.enable_driver_api = [](CUpti_CallbackId, std::uint8_t) { return CUPTI_SUCCESS; };
  functions.flush_all = flush;
  functions.get_next_record = next_record;
  functions.get_dropped_count = [](CUcontext, std::uint32_t, std::size_t* count) {
    *count = std::exchange(fake_cupti().dropped_count, 0);
    return CUPTI_SUCCESS;
  };
  functions.push_external_id = [](CUpti_ExternalCorrelationKind, std::uint64_t id) {
    fake_cupti().external_ids.push_back(id);
    return CUPTI_SUCCESS;
  };
  functions.pop_external_id = [](CUpti_ExternalCorrelationKind, std::uint64_t* last) {
    *last = fake_cupti().external_ids.back();
    fake_cupti().external_ids.pop_back();
    return CUPTI_SUCCESS;
  };
  functions.get_graph_node_id = [](CUgraphNode node, std::uint64_t* id) {
    *id = reinterpret_cast<std::uintptr_t>(node);
    return CUPTI_SUCCESS;
  };
  functions.synchronize = [] {
    ++fake_cupti().synchronized_count;
    return CUDA_SUCCESS;
  };
  return functions;
}

}  // namespace

void FakeCupti::node_created(std::uint64_t node) {
  CUpti_GraphData graph{};
  graph.node = reinterpret_cast<CUgraphNode>(node);
  CUpti_ResourceData resource{};
  resource.resourceDescriptor = &graph;
  hear(hear_data, CUPTI_CB_DOMAIN_RESOURCE, CUPTI_CBID_RESOURCE_GRAPHNODE_CREATED, &resource);
}

void FakeCupti::node_cloned(std::uint64_t node, std::uint64_t original) {
  CUpti_GraphData graph{};
  graph.node = reinterpret_cast<CUgraphNode>(node);
  graph.originalNode = reinterpret_cast<CUgraphNode>(original);
  CUpti_ResourceData resource{};
  resource.resourceDescriptor = &graph;
  hear(hear_data, CUPTI_CB_DOMAIN_RESOURCE, CUPTI_CBID_RESOURCE_GRAPHNODE_CLONED, &resource);
}

CUpti_ActivityKernel10 kernel(std::uint32_t correlation, std::uint64_t begin_ns, std::uint64_t end_ns, const char* name,
                              std::uint64_t graph_node) {
  CUpti_ActivityKernel10 record{};
  record.kind = CUPTI_ACTIVITY_KIND_CONCURRENT_KERNEL;
  record.correlationId = correlation;
  record.start = begin_ns;
  record.end = end_ns;
  record.deviceId = 1;
  record.streamId = 7;
  record.name = name;
  record.graphNodeId = graph_node;
  return record;
}

CUpti_ActivityMemcpy6 copy(std::uint32_t correlation, std::uint64_t begin_ns, std::uint64_t end_ns,
                           std::uint64_t bytes) {
  CUpti_ActivityMemcpy6 record{};
  record.kind = CUPTI_ACTIVITY_KIND_MEMCPY;
  record.copyKind = CUPTI_ACTIVITY_MEMCPY_KIND_HTOD;
  record.correlationId = correlation;
  record.start = begin_ns;
  record.end = end_ns;
  record.bytes = bytes;
  return record;
}

CUpti_ActivityMemset4 set(std::uint32_t correlation, std::uint64_t begin_ns, std::uint64_t end_ns,
                          std::uint64_t bytes) {
  CUpti_ActivityMemset4 record{};
  record.kind = CUPTI_ACTIVITY_KIND_MEMSET;
  record.correlationId = correlation;
  record.start = begin_ns;
  record.end = end_ns;
  record.bytes = bytes;
  return record;
}

CUpti_ActivityAPI call(CUpti_ActivityKind kind, std::uint32_t cbid, std::uint32_t correlation, std::uint64_t begin_ns,
                       std::uint64_t end_ns, std::uint32_t thread) {
  CUpti_ActivityAPI record{};
  record.kind = kind;
  record.cbid = cbid;
  record.correlationId = correlation;
  record.start = begin_ns;
  record.end = end_ns;
  record.threadId = thread;
  return record;
}

CUpti_ActivityExternalCorrelation external(std::uint32_t correlation, std::uint64_t id,
                                           CUpti_ExternalCorrelationKind kind) {
  CUpti_ActivityExternalCorrelation record{};
  record.kind = CUPTI_ACTIVITY_KIND_EXTERNAL_CORRELATION;
  record.externalKind = kind;
  record.externalId = id;
  record.correlationId = correlation;
  return record;
}

FakeCupti& fake_cupti() {
  static FakeCupti fake;
  return fake;
}

const Functions& fake_functions() {
  static const Functions kFunctions = make_functions();
  return kFunctions;
}

}  // namespace diffbench::profiling::cupti
