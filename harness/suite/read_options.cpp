#include "harness/suite/read_options.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "methods/config/nearest.h"

namespace diffbench::suite {
namespace {

using config::TomlTable;

int to_int(const TomlTable& table, std::string_view key, std::int64_t value, int minimum) {
  if (value < minimum || value > std::numeric_limits<int>::max()) {
    table.fail(key,
               "must be at least " + std::to_string(minimum) + " and fit into 32 bits, not " + std::to_string(value));
  }
  return static_cast<int>(value);
}

void read(const TomlTable& table, std::string_view key, int& value, int minimum) {
  if (table.has(key)) {
    value = to_int(table, key, table.get<std::int64_t>(key), minimum);
  }
}

// finite and above zero; zero too if `zero_allowed`
void read(const TomlTable& table, std::string_view key, double& value, bool zero_allowed) {
  value = table.get_or<double>(key, value);
  if (!std::isfinite(value) || value < 0.0 || (value == 0.0 && !zero_allowed)) {
    table.fail(key, zero_allowed ? "must be a finite number, not below 0" : "must be a finite number above 0");
  }
}

void read(const TomlTable& table, std::string_view key, std::string& value) {
  value = table.get_or<std::string>(key, value);
  check_printable(table, key, value);
}

// get<vector<T>>, or one T as a list of one
template <typename T>
std::vector<T> one_or_many(const TomlTable& table, std::string_view key) {
  std::vector<T> values;
  if (table.json(key).is_array()) {
    values = table.get<std::vector<T>>(key);
  } else {
    values = {table.get<T>(key)};
  }
  if (values.empty()) {
    table.fail(key, "must not be empty");
  }
  for (auto it = values.begin(); it != values.end(); ++it) {
    if (std::find(values.begin(), it, *it) != it) {
      table.fail(key, "must not hold a value twice");
    }
  }
  return values;
}

void check_choice(const TomlTable& table, std::string_view key, const std::string& value,
                  const std::vector<std::string>& choices) {
  if (std::find(choices.begin(), choices.end(), value) == choices.end()) {
    table.fail(key, config::unknown_name("value", value, choices));
  }
}

void read_choices(const TomlTable& table, std::string_view key, std::vector<std::string>& values,
                  const std::vector<std::string>& choices) {
  if (!table.has(key)) {
    return;
  }
  values = one_or_many<std::string>(table, key);
  for (const auto& value : values) {
    check_choice(table, key, value, choices);
  }
}

}  // namespace

void check_printable(const TomlTable& table, std::string_view key, std::string_view text) {
  const auto is_control = [](char c) { return (c >= 0 && c < ' ') || c == 0x7f; };
  if (std::any_of(text.begin(), text.end(), is_control)) {
    table.fail(key, "must not hold control characters");
  }
}

void read_list(const TomlTable& table, std::string_view key, std::vector<int>& values, int minimum) {
  if (!table.has(key)) {
    return;
  }
  values.clear();
  for (const auto value : one_or_many<std::int64_t>(table, key)) {
    values.push_back(to_int(table, key, value, minimum));
  }
}

void read_run(const TomlTable& table, RunOptions& run) {
  table.allow_only({"model", "device", "precision", "runtime", "batch", "scenario", "threads", "guidance",
                    "guidance_interval", "guidance_exits", "compare_with"});
  read(table, "model", run.model);
  read(table, "device", run.device);
  check_choice(table, "device", run.device, {"auto", "cpu", "cuda"});
  read_choices(table, "precision", run.precision, {"fp64", "fp32", "bf16", "fp16"});
  if (table.has("runtime")) run.runtime = one_or_many<std::string>(table, "runtime");
  read_list(table, "batch", run.batch, 1);
  read_choices(table, "scenario", run.scenario, {"offline", "single_stream"});
  read(table, "threads", run.threads, 1);
  if (table.has("guidance")) {
    run.guidance = table.get<double>("guidance");
  }
  if (table.has("guidance_interval")) {
    run.guidance_interval = one_or_many<double>(table, "guidance_interval");
    if (run.guidance_interval.size() != 2 || !(run.guidance_interval[0] <= run.guidance_interval[1])) {
      table.fail("guidance_interval", "must be two times, the smaller first");
    }
  }
  read(table, "guidance_exits", run.guidance_exits);
  check_choice(table, "guidance_exits", run.guidance_exits, {"joint", "separate"});
  read(table, "compare_with", run.compare_with);
}

void read_timing(const TomlTable& table, TimingOptions& timing) {
  table.allow_only({"min_rounds", "max_rounds", "max_seconds", "target_half_width", "warmup_max_seconds"});
  read(table, "min_rounds", timing.min_rounds, 1);
  read(table, "max_rounds", timing.max_rounds, 1);
  read(table, "max_seconds", timing.max_seconds, false);
  read(table, "target_half_width", timing.target_half_width, true);
  read(table, "warmup_max_seconds", timing.warmup_max_seconds, true);
}

namespace {

void read_extractor(const TomlTable& table, ExtractorEntry& entry) {
  read(table, "extractor", entry.extractor);
  read(table, "mode", entry.mode);
  read(table, "reference", entry.reference);
}

}  // namespace

void read_quality(const TomlTable& table, QualityOptions& quality) {
  table.allow_only({"samples", "batch", "shard", "extractor", "mode", "reference", "also", "metrics", "to_uint8",
                    "lpips", "keep", "images"});
  read(table, "samples", quality.samples, 0);
  if (quality.samples == 1) {
    table.fail("samples", "must be 0, for none, or at least 2: one sample has no covariance");
  }
  read(table, "batch", quality.batch, 1);
  read(table, "shard", quality.shard, 1);
  read_extractor(table, quality.extractors.front());
  if (table.has("also")) {
    quality.extractors.resize(1);
    for (const auto& also : table.tables("also")) {
      also.allow_only({"extractor", "mode", "reference"});
      auto& entry = quality.extractors.emplace_back();
      entry.extractor_where = also.place_of("extractor");
      entry.reference_where = also.place_of("reference");
      if (!also.has("extractor")) also.fail_missing("extractor", "a zoo name or a TorchScript file");
      read_extractor(also, entry);
    }
  }
  read(table, "to_uint8", quality.to_uint8);
  check_choice(table, "to_uint8", quality.to_uint8, {"round", "truncate", "edm"});
  read(table, "lpips", quality.lpips);
  read(table, "keep", quality.keep);
  check_choice(table, "keep", quality.keep, {"features", "statistics", "images"});
  if (table.has("metrics")) {
    quality.metrics = one_or_many<std::string>(table, "metrics");
    for (const auto& metric : quality.metrics) {
      check_printable(table, "metrics", metric);
    }
  }
  read(table, "images", quality.images, 0);
}

void read_check(const TomlTable& table, CheckOptions& check) {
  table.allow_only({"tolerance"});
  read(table, "tolerance", check.tolerance, true);
}

}  // namespace diffbench::suite
