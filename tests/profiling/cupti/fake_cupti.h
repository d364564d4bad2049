#pragma once
// A CUPTI made of plain functions, so that its records and its moods can be tested without a GPU.
//
//   RecordBuffer buffer; buffer.add(kernel(7, 100, 200, "_Z4gemmv"));
//   Decoder decoder(fake_functions(), nodes, {}); decoder.decode(buffer.data(), buffer.size());

#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "profiling/cupti/functions.h"

namespace diffbench::profiling::cupti {

class RecordBuffer {
 public:
  template <typename Record>
  void add(const Record& record) {
    const std::size_t begin = words_.size();
    words_.resize(begin + (sizeof(Record) + 7) / 8);
    std::memcpy(&words_[begin], &record, sizeof(Record));
  }
  std::uint8_t* data() { return reinterpret_cast<std::uint8_t*>(words_.data()); }
  std::size_t size() const { return words_.size() * 8; }

 private:
  std::vector<std::uint64_t> words_;  // records are 8-byte aligned
};

CUpti_ActivityKernel10 kernel(std::uint32_t correlation, std::uint64_t begin_ns, std::uint64_t end_ns, const char* name,
                              std::uint64_t graph_node = 0);
CUpti_ActivityMemcpy6 copy(std::uint32_t correlation, std::uint64_t begin_ns, std::uint64_t end_ns,
                           std::uint64_t bytes);
CUpti_ActivityMemset4 set(std::uint32_t correlation, std::uint64_t begin_ns, std::uint64_t end_ns, std::uint64_t bytes);
CUpti_ActivityAPI call(CUpti_ActivityKind kind, std::uint32_t cbid, std::uint32_t correlation, std::uint64_t begin_ns,
                       std::uint64_t end_ns, std::uint32_t thread);
CUpti_ActivityExternalCorrelation external(
    std::uint32_t correlation, std::uint64_t id,
    CUpti_ExternalCorrelationKind kind = CUPTI_EXTERNAL_CORRELATION_KIND_CUSTOM0);

// What the functions below answer and what they were told; a test resets it first.
struct FakeCupti {
  std::uint32_t version = CUPTI_API_VERSION;
  std::string holder;  // not empty: it holds CUPTI
  CUptiResult enable_result = CUPTI_SUCCESS;
  std::size_t dropped_count = 0;  // answered once

  std::vector<CUpti_ActivityKind> enabled;  // now
  std::vector<std::uint64_t> external_ids;  // the stack
  int subscribed_count = 0;
  int synchronized_count = 0;
  CUpti_CallbackFunc hear = nullptr;
  void* hear_data = nullptr;
  CUpti_BuffersCallbackRequestFunc give_buffer = nullptr;
  CUpti_BuffersCallbackCompleteFunc take_buffer = nullptr;
  std::vector<RecordBuffer> at_flush;  // handed over by the flush, each in a buffer that was asked for

  void node_created(std::uint64_t node);
  void node_cloned(std::uint64_t node, std::uint64_t original);
};

FakeCupti& fake_cupti();
const Functions& fake_functions();

}  // namespace diffbench::profiling::cupti
