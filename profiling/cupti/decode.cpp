#include "profiling/cupti/decode.h"

#include <cxxabi.h>

#include <cstdlib>
#include <memory>
#include <unordered_set>
#include <utility>

namespace diffbench::profiling::cupti {
namespace {

// the words that readers of traces look for
const char* copy_name(std::uint8_t kind) {
  switch (kind) {
    case CUPTI_ACTIVITY_MEMCPY_KIND_HTOD:
      return "Memcpy HtoD";
    case CUPTI_ACTIVITY_MEMCPY_KIND_DTOH:
      return "Memcpy DtoH";
    case CUPTI_ACTIVITY_MEMCPY_KIND_DTOD:
      return "Memcpy DtoD";
    case CUPTI_ACTIVITY_MEMCPY_KIND_HTOH:
      return "Memcpy HtoH";
    case CUPTI_ACTIVITY_MEMCPY_KIND_PTOP:
      return "Memcpy PtoP";
    default:
      return "Memcpy";
  }
}

const char* synchronization_name(CUpti_ActivitySynchronizationType type) {
  switch (type) {
    case CUPTI_ACTIVITY_SYNCHRONIZATION_TYPE_EVENT_SYNCHRONIZE:
      return "synchronize event";
    case CUPTI_ACTIVITY_SYNCHRONIZATION_TYPE_STREAM_WAIT_EVENT:
      return "stream waits for event";
    case CUPTI_ACTIVITY_SYNCHRONIZATION_TYPE_STREAM_SYNCHRONIZE:
      return "synchronize stream";
    case CUPTI_ACTIVITY_SYNCHRONIZATION_TYPE_CONTEXT_SYNCHRONIZE:
      return "synchronize context";
    default:
      return "synchronize";
  }
}

const char* overhead_name(CUpti_ActivityOverheadKind kind) {
  switch (kind) {
    case CUPTI_ACTIVITY_OVERHEAD_DRIVER_COMPILER:
      return "driver compiles";
    case CUPTI_ACTIVITY_OVERHEAD_CUPTI_BUFFER_FLUSH:
      return "CUPTI flushes a buffer";
    case CUPTI_ACTIVITY_OVERHEAD_CUPTI_INSTRUMENTATION:
      return "CUPTI instruments";
    case CUPTI_ACTIVITY_OVERHEAD_CUPTI_RESOURCE:
      return "CUPTI makes its resources";
    case CUPTI_ACTIVITY_OVERHEAD_RUNTIME_TRIGGERED_MODULE_LOADING:
      return "module is loaded";
    case CUPTI_ACTIVITY_OVERHEAD_LAZY_FUNCTION_LOADING:
      return "function is loaded";
    case CUPTI_ACTIVITY_OVERHEAD_COMMAND_BUFFER_FULL:
      return "command buffer is full";
    case CUPTI_ACTIVITY_OVERHEAD_ACTIVITY_BUFFER_REQUEST:
      return "CUPTI asks for a buffer";
    default:
      return "overhead";
  }
}

std::int64_t graph_node_of(std::uint64_t id) { return id == 0 ? kNone : static_cast<std::int64_t>(id); }

}  // namespace

void Decoder::decode(std::uint8_t* bytes, std::size_t valid_bytes) {
  CUpti_Activity* record = nullptr;
  while (functions_.get_next_record(bytes, valid_bytes, &record) == CUPTI_SUCCESS) {
    take(*record);
  }
}

void Decoder::take(const CUpti_Activity& record) {
  switch (record.kind) {
    case CUPTI_ACTIVITY_KIND_KERNEL:
    case CUPTI_ACTIVITY_KIND_CONCURRENT_KERNEL:
      take_kernel(reinterpret_cast<const CUpti_ActivityKernel10&>(record));
      break;
    case CUPTI_ACTIVITY_KIND_MEMCPY: {
      const auto& copy = reinterpret_cast<const CUpti_ActivityMemcpy6&>(record);
      take_copy(copy, copy_name(copy.copyKind));
      break;
    }
    case CUPTI_ACTIVITY_KIND_MEMCPY2: {
      const auto& copy = reinterpret_cast<const CUpti_ActivityMemcpyPtoP4&>(record);
      take_copy(copy, copy_name(copy.copyKind));
      break;
    }
    case CUPTI_ACTIVITY_KIND_MEMSET:
      take_copy(reinterpret_cast<const CUpti_ActivityMemset4&>(record), "Memset");
      break;
    case CUPTI_ACTIVITY_KIND_RUNTIME:
    case CUPTI_ACTIVITY_KIND_DRIVER:
      take_call(reinterpret_cast<const CUpti_ActivityAPI&>(record), record.kind == CUPTI_ACTIVITY_KIND_RUNTIME);
      break;
    case CUPTI_ACTIVITY_KIND_EXTERNAL_CORRELATION: {
      const auto& external = reinterpret_cast<const CUpti_ActivityExternalCorrelation&>(record);
      if (external.externalKind == CUPTI_EXTERNAL_CORRELATION_KIND_CUSTOM0) {
        external_ids_[external.correlationId] = static_cast<std::int64_t>(external.externalId);
      }
      break;
    }
    case CUPTI_ACTIVITY_KIND_OVERHEAD:
      take_overhead(reinterpret_cast<const CUpti_ActivityOverhead3&>(record));
      break;
    case CUPTI_ACTIVITY_KIND_SYNCHRONIZATION:
      take_synchronization(reinterpret_cast<const CUpti_ActivitySynchronization2&>(record));
      break;
    default:
      break;  // not asked for
  }
}

bool Decoder::set_times(Activity& activity, std::uint64_t begin_ns, std::uint64_t end_ns) {
  if (begin_ns == 0 || end_ns < begin_ns) {
    ++incomplete_count_;  // the flush came before its end, or the device's buffer overflowed
    return false;
  }
  activity.begin_ns = static_cast<std::int64_t>(begin_ns);
  activity.end_ns = static_cast<std::int64_t>(end_ns);
  return true;
}

void Decoder::add(Activity& activity, const std::string& name) {
  activity.name = name_index_.intern(name);
  activities_.push_back(activity);
}

const std::string& Decoder::kernel_name(const char* mangled) {
  const auto [found, is_new] = kernel_names_.try_emplace(mangled);
  if (is_new) {
    int status = 0;
    const std::unique_ptr<char, void (*)(void*)> demangled(abi::__cxa_demangle(mangled, nullptr, nullptr, &status),
                                                           std::free);
    found->second = status == 0 ? demangled.get() : mangled;
  }
  return found->second;
}

void Decoder::take_kernel(const CUpti_ActivityKernel10& record) {
  Activity activity;
  activity.kind = ActivityKind::kKernel;
  activity.device = record.deviceId;
  activity.stream = record.streamId;
  activity.correlation_id = record.correlationId;
  activity.graph_node = graph_node_of(record.graphNodeId);
  if (set_times(activity, record.start, record.end)) {
    add(activity, record.name == nullptr ? "unnamed kernel" : kernel_name(record.name));
  }
}

template <typename Record>
void Decoder::take_copy(const Record& record, const char* name) {
  Activity activity;
  activity.kind = record.kind == CUPTI_ACTIVITY_KIND_MEMSET ? ActivityKind::kSet : ActivityKind::kCopy;
  activity.device = record.deviceId;
  activity.stream = record.streamId;
  activity.correlation_id = record.correlationId;
  activity.graph_node = graph_node_of(record.graphNodeId);
  activity.size_bytes = static_cast<std::int64_t>(record.bytes);
  if (set_times(activity, record.start, record.end)) {
    add(activity, name);
  }
}

void Decoder::take_call(const CUpti_ActivityAPI& record, bool is_runtime) {
  Activity activity;
  activity.kind = ActivityKind::kApiCall;
  activity.thread = record.threadId;
  activity.correlation_id = record.correlationId;
  if (!set_times(activity, record.start, record.end)) {
    return;
  }
  const char* name = nullptr;
  const auto domain = is_runtime ? CUPTI_CB_DOMAIN_RUNTIME_API : CUPTI_CB_DOMAIN_DRIVER_API;
  if (functions_.get_callback_name(domain, record.cbid, &name) != CUPTI_SUCCESS || name == nullptr) {
    name = is_runtime ? "runtime call" : "driver call";
  }
  activity.name = name_index_.intern(name);
  (is_runtime ? runtime_calls_ : driver_calls_)[activity.correlation_id] = activity;
}

void Decoder::take_overhead(const CUpti_ActivityOverhead3& record) {
  Activity activity;
  activity.kind = ActivityKind::kOverhead;
  if (record.objectKind == CUPTI_ACTIVITY_OBJECT_THREAD) {
    activity.thread = record.objectId.pt.threadId;
  }
  activity.correlation_id = record.correlationId == 0 ? kNone : std::int64_t{record.correlationId};
  if (set_times(activity, record.start, record.end)) {
    add(activity, overhead_name(record.overheadKind));
  }
  std::free(record.overheadData);  // CUPTI leaves it to the reader
}

void Decoder::take_synchronization(const CUpti_ActivitySynchronization2& record) {
  Activity activity;
  activity.kind = ActivityKind::kSynchronization;
  activity.stream = record.streamId == static_cast<std::uint32_t>(CUPTI_SYNCHRONIZATION_INVALID_VALUE)
                        ? kNone
                        : std::int64_t{record.streamId};
  activity.correlation_id = record.correlationId;
  if (set_times(activity, record.start, record.end)) {
    add(activity, synchronization_name(record.type));
  }
}

void Decoder::finish(Profile& profile) {
  std::unordered_set<std::int64_t> launching;
  for (const Activity& activity : activities_) {
    launching.insert(activity.correlation_id);
  }
  runtime_calls_.merge(driver_calls_);  // takes over only the correlation ids that it has no call for
  for (const auto& [correlation_id, call] : runtime_calls_) {
    if (options_.every_call || launching.contains(correlation_id)) {
      activities_.push_back(call);
    }
  }
  StringIndex strings(profile.strings);
  for (Activity& activity : activities_) {
    const bool is_of_graph = activity.graph_node != kNone;
    const auto external = external_ids_.find(activity.correlation_id);
    activity.scope = is_of_graph ? graph_nodes_.scope_of(activity.graph_node) : kNone;
    if (activity.scope != kNone) {
      activity.attribution = Attribution::kGraphNode;
    } else if (external != external_ids_.end() && (!is_of_graph || options_.trusts_graph_correlation)) {
      activity.scope = external->second;
      activity.attribution = Attribution::kExternal;
    }
    if (is_of_graph && !options_.trusts_graph_correlation) {
      activity.correlation_id = kNone;  // nobody may follow it to another launch
    }
    activity.name = strings.intern(names_[activity.name]);
    profile.activities.push_back(activity);
  }
  profile.dropped_count += std::exchange(incomplete_count_, 0);
  activities_.clear();
}

}  // namespace diffbench::profiling::cupti
