#include "profiling/cupti/live_kernels.h"

#include <array>
#include <cstdlib>
#include <stdexcept>
#include <utility>

#include "profiling/cupti/decode.h"

namespace diffbench::profiling::cupti {
namespace {

constexpr std::size_t kBufferAlignment = 8;
constexpr std::uint32_t kReadableMajor = CUPTI_API_VERSION / 10000;  // 130001 is CUDA 13.0 Update 1
constexpr std::uint32_t kGraphCorrelationFixed = 130101;

// what kernels need: the calls carry the external ids
constexpr std::array kAlways = {CUPTI_ACTIVITY_KIND_CONCURRENT_KERNEL, CUPTI_ACTIVITY_KIND_MEMCPY,
                                CUPTI_ACTIVITY_KIND_MEMCPY2,           CUPTI_ACTIVITY_KIND_MEMSET,
                                CUPTI_ACTIVITY_KIND_RUNTIME,           CUPTI_ACTIVITY_KIND_EXTERNAL_CORRELATION,
                                CUPTI_ACTIVITY_KIND_OVERHEAD};
constexpr std::array kWithEveryCall = {CUPTI_ACTIVITY_KIND_SYNCHRONIZATION};
// libraries (cuBLAS, cuDNN) launch through the driver; its other calls would only repeat the runtime's
constexpr std::array kDriverLaunches = {
    CUPTI_DRIVER_TRACE_CBID_cuLaunchKernel,   CUPTI_DRIVER_TRACE_CBID_cuLaunchKernel_ptsz,
    CUPTI_DRIVER_TRACE_CBID_cuLaunchKernelEx, CUPTI_DRIVER_TRACE_CBID_cuLaunchKernelEx_ptsz,
    CUPTI_DRIVER_TRACE_CBID_cuGraphLaunch,    CUPTI_DRIVER_TRACE_CBID_cuGraphLaunch_ptsz};
constexpr std::array kGraphEvents = {CUPTI_CBID_RESOURCE_GRAPHNODE_CREATED, CUPTI_CBID_RESOURCE_GRAPHNODE_CLONED};

LiveKernels* the_one = nullptr;
thread_local std::int64_t innermost_scope = kNone;  // as pushed here, for graph nodes that this thread captures
thread_local std::vector<std::int64_t> outer_scopes;

}  // namespace

void LiveKernels::FreeMemory::operator()(std::uint8_t* bytes) const { std::free(bytes); }

LiveKernels::LiveKernels(Library library) : library_(std::move(library)) {
  if (the_one != nullptr) {
    throw std::logic_error("LiveKernels: there is one already");
  }
  the_one = this;
}

LiveKernels::~LiveKernels() { the_one = nullptr; }

std::string LiveKernels::failure(const char* what, CUptiResult result) const {
  const char* text = nullptr;
  library_.functions.get_result_string(result, &text);
  return std::string(what) + ": " + (text == nullptr ? "error " + std::to_string(result) : text);
}

std::string LiveKernels::subscribe() {
  const Functions& cupti = library_.functions;
  if (const CUptiResult result = cupti.get_version(&version_); result != CUPTI_SUCCESS) {
    return failure("version of CUPTI", result);
  }
  if (version_ / 10000 != kReadableMajor) {
    return "libcupti has version " + std::to_string(version_) + ", this build reads " + std::to_string(kReadableMajor) +
           "xxxx";
  }
  std::array<char, 2 * CUPTI_OLD_SUBSCRIBER_NAME_MIN_LEN> holder{};
  CUpti_SubscriberParams parameters{};
  parameters.structSize = CUpti_SubscriberParams_STRUCT_SIZE;
  parameters.subscriberName = "diffbench";
  parameters.oldSubscriberName = holder.data();
  parameters.oldSubscriberSize = holder.size() - 1;
  const CUptiResult result = cupti.subscribe(&subscriber_, &LiveKernels::hear, this, &parameters);
  if (result == CUPTI_ERROR_MULTIPLE_SUBSCRIBERS_NOT_SUPPORTED) {
    return std::string("CUPTI is held by ") + (holder[0] == '\0' ? "another profiler" : holder.data());
  }
  if (result != CUPTI_SUCCESS) {
    return failure("subscribing to CUPTI", result);
  }
  cupti.set_thread_id_type(CUPTI_ACTIVITY_THREAD_ID_TYPE_SYSTEM);
  if (const CUptiResult registered = cupti.register_callbacks(&LiveKernels::give_buffer, &LiveKernels::take_buffer);
      registered != CUPTI_SUCCESS) {
    return failure("giving CUPTI buffers", registered);
  }
  for (const auto event : kGraphEvents) {
    cupti.enable_callback(1, subscriber_, CUPTI_CB_DOMAIN_RESOURCE, event);
  }
  return "";
}

std::string LiveKernels::start(bool every_call) {
  if (!library_.reason.empty()) {
    return library_.reason;
  }
  if (!is_subscribed_) {
    if (std::string reason = subscribe(); !reason.empty()) {
      return reason;
    }
    is_subscribed_ = true;
  }
  every_call_ = every_call;
  {
    const std::lock_guard lock(mutex_);
    is_live_ = true;
    graph_nodes_ = {};
  }
  if (std::string reason = enable_records(); !reason.empty()) {
    disable_records();
    const std::lock_guard lock(mutex_);
    is_live_ = false;
    return reason;
  }
  ++session_count_;
  return "";
}

std::string LiveKernels::enable_records() {
  const Functions& cupti = library_.functions;
  for (const CUpti_ActivityKind kind : kAlways) {
    if (const CUptiResult result = cupti.enable(kind); result != CUPTI_SUCCESS) {
      return failure("enabling CUPTI's records", result);
    }
  }
  for (const auto call : kDriverLaunches) {
    cupti.enable_driver_api(call, 1);
  }
  if (every_call_) {
    for (const CUpti_ActivityKind kind : kWithEveryCall) {
      cupti.enable(kind);
    }
  }
  return "";
}

// so that an unrecorded repetition in the same process costs what it costs without a profiler
void LiveKernels::disable_records() {
  const Functions& cupti = library_.functions;
  for (const CUpti_ActivityKind kind : kAlways) {
    cupti.disable(kind);
  }
  for (const auto call : kDriverLaunches) {
    cupti.enable_driver_api(call, 0);
  }
  if (every_call_) {
    for (const CUpti_ActivityKind kind : kWithEveryCall) {
      cupti.disable(kind);
    }
  }
}

void LiveKernels::push_scope(std::int64_t scope) {
  outer_scopes.push_back(std::exchange(innermost_scope, scope));
  library_.functions.push_external_id(CUPTI_EXTERNAL_CORRELATION_KIND_CUSTOM0, static_cast<std::uint64_t>(scope));
}

void LiveKernels::pop_scope() {
  innermost_scope = outer_scopes.back();
  outer_scopes.pop_back();
  std::uint64_t last = 0;
  library_.functions.pop_external_id(CUPTI_EXTERNAL_CORRELATION_KIND_CUSTOM0, &last);
}

void LiveKernels::stop(Profile& profile) {
  const Functions& cupti = library_.functions;
  cupti.synchronize();
  cupti.flush_all(CUPTI_ACTIVITY_FLAG_FLUSH_FORCED);  // all kernels have ended, so forced buffers are complete
  disable_records();
  std::vector<Buffer> buffers;
  GraphNodes graph_nodes;
  {
    const std::lock_guard lock(mutex_);
    is_live_ = false;
    buffers.swap(buffers_);
    std::swap(graph_nodes, graph_nodes_);
    queued_bytes_ = 0;
    profile.dropped_count += std::exchange(dropped_count_, 0);
  }
  Decoder decoder(cupti, graph_nodes,
                  {.every_call = every_call_,
                   .trusts_graph_correlation = session_count_ == 1 || version_ >= kGraphCorrelationFixed});
  for (const Buffer& buffer : buffers) {
    decoder.decode(buffer.bytes.get(), buffer.valid_bytes);
  }
  decoder.finish(profile);
}

void LiveKernels::keep(Buffer buffer) {
  const std::lock_guard lock(mutex_);
  if (!is_live_) {
    return;
  }
  queued_bytes_ += kBufferBytes;
  buffers_.push_back(std::move(buffer));
}

// Several threads ask at once, each for a buffer of its own. Without memory CUPTI gets none and drops what it has.
void CUPTIAPI LiveKernels::give_buffer(std::uint8_t** bytes, std::size_t* size, std::size_t* record_limit) {
  *bytes = static_cast<std::uint8_t*>(std::aligned_alloc(kBufferAlignment, kBufferBytes));
  *size = *bytes == nullptr ? 0 : kBufferBytes;
  *record_limit = 0;  // as many as fit
}

void CUPTIAPI LiveKernels::take_buffer(CUcontext context, std::uint32_t stream, std::uint8_t* bytes, std::size_t,
                                       std::size_t valid_bytes) {
  Buffer buffer{Bytes(bytes), valid_bytes};
  if (the_one == nullptr) {
    return;
  }
  const Functions& cupti = the_one->library_.functions;
  std::size_t dropped = 0;
  cupti.get_dropped_count(context, stream, &dropped);
  bool is_full = false;
  {
    const std::lock_guard lock(the_one->mutex_);
    the_one->dropped_count_ += the_one->is_live_ ? static_cast<std::int64_t>(dropped) : 0;
    is_full = the_one->queued_bytes_ >= kQueueLimitBytes;
  }
  if (!is_full) {
    the_one->keep(std::move(buffer));
    return;
  }
  CUpti_Activity* record = nullptr;
  std::int64_t count = 0;
  while (cupti.get_next_record(bytes, valid_bytes, &record) == CUPTI_SUCCESS) {
    ++count;
  }
  const std::lock_guard lock(the_one->mutex_);
  the_one->dropped_count_ += count;
}

std::int64_t LiveKernels::graph_node_id(CUgraphNode node) const {
  std::uint64_t id = 0;
  return library_.functions.get_graph_node_id(node, &id) == CUPTI_SUCCESS ? static_cast<std::int64_t>(id) : kNone;
}

void CUPTIAPI LiveKernels::hear(void* self, CUpti_CallbackDomain domain, CUpti_CallbackId id, const void* data) {
  if (domain != CUPTI_CB_DOMAIN_RESOURCE) {
    return;
  }
  auto& kernels = *static_cast<LiveKernels*>(self);
  const auto& resource = *static_cast<const CUpti_ResourceData*>(data);
  const auto& graph = *static_cast<const CUpti_GraphData*>(resource.resourceDescriptor);
  const std::int64_t node = kernels.graph_node_id(graph.node);
  const std::int64_t original =
      id == CUPTI_CBID_RESOURCE_GRAPHNODE_CLONED ? kernels.graph_node_id(graph.originalNode) : kNone;
  const std::lock_guard lock(kernels.mutex_);
  if (!kernels.is_live_) {
    return;
  }
  if (id == CUPTI_CBID_RESOURCE_GRAPHNODE_CLONED) {
    kernels.graph_nodes_.cloned(node, original);
  } else if (innermost_scope != kNone) {
    kernels.graph_nodes_.created(node, innermost_scope);
  }
}

}  // namespace diffbench::profiling::cupti
