#include "methods/data/statistics_tensors.h"

#include "methods/data/file_io.h"

namespace diffbench::data {
namespace {

bool is_real(DType dtype) {
  return dtype == DType::f64 || dtype == DType::f32 || dtype == DType::f16 || dtype == DType::bf16;
}

const RawTensor& real_numbers(const NamedTensors& tensors, const std::string& file, const std::string& name) {
  const auto found = tensors.find(name);
  if (found == tensors.end()) {
    throw bad_file(file, name + ": missing; statistics are a mean [D] and a covariance [D, D]");
  }
  if (!is_real(found->second.dtype)) {
    throw bad_file(file, name + ": holds " + dtype_name(found->second.dtype) + ", expected real numbers");
  }
  return found->second;
}

// one whole number, of the types that numpy makes of a Python integer
std::optional<int64_t> count_of(const RawTensor& n) {
  if (n.element_count() != 1) return std::nullopt;
  if (n.dtype == DType::i64) return n.as<int64_t>()[0];
  if (n.dtype == DType::i32) return n.as<int32_t>()[0];
  return std::nullopt;
}

}  // namespace

StatisticsTensors find_statistics(const NamedTensors& tensors, const std::string& file, const StatisticsNames& names) {
  StatisticsTensors found{.mean = &real_numbers(tensors, file, names.mean),
                          .covariance = &real_numbers(tensors, file, names.covariance)};
  const auto& mean = found.mean->shape;
  const auto& covariance = found.covariance->shape;
  if (mean.size() != 1 || covariance != std::vector<int64_t>{mean[0], mean[0]}) {
    const std::string mu = names.mean;
    const std::string sigma = names.covariance;
    throw bad_file(file, sigma + ": " + mu + " is " + found.mean->shape_text() + " and " + sigma + " " +
                             found.covariance->shape_text() + ", expected [D] and [D, D]");
  }
  if (const auto n = tensors.find("n"); n != tensors.end()) {
    found.count = count_of(n->second);
    if (found.count.value_or(0) < 2) throw bad_file(file, "n: expected one whole number of at least 2");
  }
  return found;
}

}  // namespace diffbench::data
