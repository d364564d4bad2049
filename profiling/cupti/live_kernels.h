#pragma once
// The recording of kernels over a table of CUPTI's functions, which a test can fake. Programs use cupti/kernels.h.
//
//   LiveKernels kernels(library);
//   if (const std::string reason = kernels.start(false); reason.empty()) { ...; kernels.stop(profile); }

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "profiling/attribution.h"
#include "profiling/cupti/functions.h"
#include "profiling/sources.h"

namespace diffbench::profiling::cupti {

// CUPTI's callbacks carry no pointer of ours, so at most one object may exist at a time.
class LiveKernels : public KernelSource {
 public:
  static constexpr std::size_t kBufferBytes = std::size_t{4} << 20;
  static constexpr std::size_t kQueueLimitBytes = std::size_t{2} << 30;  // then buffers are counted and thrown away

  explicit LiveKernels(Library library);
  ~LiveKernels() override;
  LiveKernels(const LiveKernels&) = delete;
  LiveKernels& operator=(const LiveKernels&) = delete;

  std::string start(bool every_call) override;
  void push_scope(std::int64_t scope) override;
  void pop_scope() override;
  void stop(Profile& profile) override;

 private:
  struct FreeMemory {
    void operator()(std::uint8_t* bytes) const;
  };
  using Bytes = std::unique_ptr<std::uint8_t, FreeMemory>;
  struct Buffer {
    Bytes bytes;
    std::size_t valid_bytes = 0;
  };

  static void CUPTIAPI give_buffer(std::uint8_t** bytes, std::size_t* size, std::size_t* record_limit);
  static void CUPTIAPI take_buffer(CUcontext context, std::uint32_t stream, std::uint8_t* bytes, std::size_t size,
                                   std::size_t valid_bytes);
  static void CUPTIAPI hear(void* self, CUpti_CallbackDomain domain, CUpti_CallbackId id, const void* data);

  std::string subscribe();  // once per process; says why it cannot
  std::string enable_records();
  void disable_records();
  std::string failure(const char* what, CUptiResult result) const;
  void keep(Buffer buffer);
  std::int64_t graph_node_id(CUgraphNode node) const;

  Library library_;
  CUpti_SubscriberHandle subscriber_ = nullptr;
  std::uint32_t version_ = 0;
  bool is_subscribed_ = false;
  int session_count_ = 0;
  bool every_call_ = false;

  std::mutex mutex_;  // guards what follows; never held while CUPTI is called
  bool is_live_ = false;
  std::vector<Buffer> buffers_;
  std::size_t queued_bytes_ = 0;
  std::int64_t dropped_count_ = 0;
  GraphNodes graph_nodes_;
};

}  // namespace diffbench::profiling::cupti
