#include "harness/measure/machine_rows.h"

#include <unistd.h>

#include "methods/model/freed_memory.h"

namespace diffbench::measure {
namespace {

std::optional<std::string> unless_empty(const std::string& text) {
  return text.empty() ? std::nullopt : std::optional(text);
}

template <typename Number>
std::optional<Number> unless_zero(Number number) {
  return number == 0 ? std::nullopt : std::optional(number);
}

std::string with(const std::string& text, const std::string& more, const std::string& value) {
  return value.empty() || value == text ? text : text + (text.empty() ? "" : ", ") + more + value;
}

}  // namespace

nlohmann::json machine_document(const std::string& device) {
  return {{"environment", environment::capture()},
          {"device", device},
          {"pid", static_cast<int64_t>(::getpid())},
          {"allocator", keeps_freed_memory() ? "freed memory kept" : "system default"}};
}

results::MachineRow machine_row(const nlohmann::json& document) {
  const auto here = document.at("environment").get<environment::Environment>();
  return {.host = here.host,
          .cpu_model = unless_empty(here.cpu_model),
          .core_count = unless_zero<int64_t>(here.core_count),
          .memory_bytes = unless_zero(here.memory_bytes),
          .usable_core_count = unless_zero<int64_t>(here.usable_core_count),
          .gpu_names = nlohmann::json(here.gpu_names).dump(),
          .os = unless_empty(here.os),
          .kernel = unless_empty(here.kernel),
          .compiler = unless_empty(here.compiler),
          .compiler_flags = unless_empty(here.compiler_flags),
          .build_type = unless_empty(here.build_type),
          .torch_version = unless_empty(here.torch_version),
          .mpi_version = unless_empty(here.mpi_version),
          .cuda_version = unless_empty(with(here.cuda_runtime, "compiled against ", here.cuda_toolkit)),
          .driver_version = unless_empty(with(here.driver_version, "supports CUDA ", here.cuda_driver)),
          .governor = unless_empty(here.governor),
          .turbo = unless_empty(here.turbo),
          .smt = unless_empty(here.smt),
          .huge_pages = unless_empty(here.huge_pages),
          .clock_source = unless_empty(here.clock_source),
          .allocator = unless_empty(document.at("allocator")),
          .settings = nlohmann::json(here.settings).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace),
          .load_average_1min = here.load_average_1min};
}

results::RankRow rank_row(const nlohmann::json& document, int rank, int threads) {
  const auto here = document.at("environment").get<environment::Environment>();
  return {.rank = rank,
          .host = here.host,
          .device = document.at("device"),
          .threads = threads,
          .torch_threads = unless_zero(here.torch_threads),
          .omp_threads = unless_zero(here.omp_threads),
          .binding = unless_empty(here.binding),
          .pid = document.at("pid")};
}

}  // namespace diffbench::measure
