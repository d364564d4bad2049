#pragma once
// CUPTI's buffers of records as activities.
//
//   Decoder decoder(functions, graph_nodes, options);
//   for (const auto& buffer : buffers) decoder.decode(buffer.bytes, buffer.valid_bytes);   // in any order
//   decoder.finish(profile);
//
// A function of the buffers alone: `functions` is asked only where the next record begins and what an API call is
// named. Read are the fields that CUPTI 13.0 has (Kernel10, Memcpy6, MemcpyPtoP4, Memset4, API, ExternalCorrelation,
// Overhead3, Synchronization2); later versions are expected to append to them.

#include <cstddef>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "profiling/attribution.h"
#include "profiling/cupti/functions.h"
#include "profiling/strings.h"

namespace diffbench::profiling::cupti {

struct DecodeOptions {
  bool every_call = false;  // else only the API calls that launched something
  // Until CUPTI 13.1 Update 1 the correlation ids of graph launches are wrong from the second session on (its release
  // notes): false then leaves the external ids of graph kernels aside.
  bool trusts_graph_correlation = true;
};

class Decoder {
 public:
  Decoder(const Functions& functions, const GraphNodes& graph_nodes, const DecodeOptions& options)
      : functions_(functions), graph_nodes_(graph_nodes), options_(options) {}

  void decode(std::uint8_t* bytes, std::size_t valid_bytes);

  // Appends activities, and adds incomplete records to dropped_count. A kernel gets the scope of its graph node, else
  // of the external id that its launch carried. One API call is kept per correlation id, the runtime's before the
  // driver's.
  void finish(Profile& profile);

 private:
  void take(const CUpti_Activity& record);
  void take_kernel(const CUpti_ActivityKernel10& record);
  void take_call(const CUpti_ActivityAPI& record, bool is_runtime);
  template <typename Record>
  void take_copy(const Record& record, const char* name);
  void take_overhead(const CUpti_ActivityOverhead3& record);
  void take_synchronization(const CUpti_ActivitySynchronization2& record);
  // false: CUPTI lost its times
  bool set_times(Activity& activity, std::uint64_t begin_ns, std::uint64_t end_ns);
  void add(Activity& activity, const std::string& name);
  const std::string& kernel_name(const char* mangled);

  const Functions& functions_;
  const GraphNodes& graph_nodes_;
  DecodeOptions options_;
  std::vector<std::string> names_;
  StringIndex name_index_{names_};
  std::unordered_map<const char*, std::string> kernel_names_;  // by pointer: CUPTI keeps one copy of each
  std::vector<Activity> activities_;                           // names are of names_ until finish()
  std::unordered_map<std::int64_t, Activity> runtime_calls_;   // by correlation id
  std::unordered_map<std::int64_t, Activity> driver_calls_;
  std::unordered_map<std::int64_t, std::int64_t> external_ids_;  // correlation id -> scope
  std::int64_t incomplete_count_ = 0;
};

}  // namespace diffbench::profiling::cupti
