#include "harness/measure/machine_rows.h"

#include <ATen/Parallel.h>
#include <gmock/gmock.h>
#include <unistd.h>

#include "methods/model/freed_memory.h"

namespace diffbench::measure {
namespace {

using ::testing::HasSubstr;

// a document whose every value is one of a kind
nlohmann::json marked() {
  nlohmann::json environment = environment::Environment{};
  int number = 7000;
  for (auto& [key, value] : environment.items()) {
    if (value.is_string()) {
      value = "<" + key + ">";
    } else if (value.is_number_integer()) {
      value = ++number;
    } else if (value.is_number_float()) {
      value = ++number + 0.5;
    } else if (value.is_array()) {
      value = {"<" + key + ">"};
    } else if (value.is_object()) {
      value = {{key, "<" + key + ">"}};
    }
  }
  return {{"environment", environment}, {"device", "cuda:1"}, {"pid", 4711}, {"allocator", "kept"}};
}

// every value of the two rows in one text
std::string text_of(const results::MachineRow& machine, const results::RankRow& rank) {
  std::string text;
  const auto add = [&](const auto& value) {
    if (value) {
      nlohmann::json json = *value;
      text += json.is_string() ? json.get<std::string>() + "\n" : json.dump() + "\n";
    }
  };
  for (const auto* words :
       {&machine.cpu_model, &machine.os, &machine.kernel, &machine.compiler, &machine.compiler_flags,
        &machine.build_type, &machine.torch_version, &machine.mpi_version, &machine.cuda_version,
        &machine.driver_version, &machine.governor, &machine.turbo, &machine.smt, &machine.huge_pages,
        &machine.clock_source, &machine.allocator, &rank.binding}) {
    add(*words);
  }
  add(machine.core_count);
  add(machine.memory_bytes);
  add(machine.usable_core_count);
  add(machine.load_average_1min);
  add(rank.torch_threads);
  add(rank.omp_threads);
  return text + machine.host + "\n" + machine.gpu_names + "\n" + machine.settings + "\n";
}

TEST(MachineRows, HoldEverythingThatIsCaptured) {
  const auto document = marked();
  const std::string text = text_of(machine_row(document), rank_row(document, 2, 3));
  for (const auto& [key, value] : document.at("environment").items()) {
    if (key == "program_version" || key == "git_sha" || key == "git_dirty") {
      continue;  // in the run's row
    }
    const auto one = value.is_array() || value.is_object() ? *value.begin() : value;
    EXPECT_THAT(text, HasSubstr(one.is_string() ? one.get<std::string>() : one.dump() + "\n")) << key << " is dropped";
  }
}

TEST(MachineRows, OfARankSayWhoAndWhere) {
  const auto row = rank_row(marked(), 2, 3);
  EXPECT_EQ(row.rank, 2);
  EXPECT_EQ(row.threads, 3);
  EXPECT_EQ(row.host, "<host>");
  EXPECT_EQ(row.device, "cuda:1");
  EXPECT_EQ(row.pid, 4711);
}

TEST(MachineRows, WhatIsUnknownIsNull) {
  const nlohmann::json document = {
      {"environment", environment::Environment{}}, {"device", "cpu"}, {"pid", 1}, {"allocator", "system default"}};
  const auto machine = machine_row(document);
  EXPECT_FALSE(machine.core_count || machine.memory_bytes || machine.usable_core_count || machine.turbo ||
               machine.cuda_version || machine.driver_version || machine.governor);
  EXPECT_EQ(machine.settings, "{}");
  const auto rank = rank_row(document, 0, 1);
  EXPECT_FALSE(rank.torch_threads || rank.omp_threads || rank.binding);
}

TEST(MachineRows, OfThisProcessAreTrueNow) {
  const int before = at::get_num_threads();
  at::set_num_threads(2);
  const auto document = machine_document("cpu");
  at::set_num_threads(before);
  const auto rank = rank_row(document, 0, 2);
  EXPECT_EQ(rank.torch_threads, 2);
  EXPECT_EQ(rank.pid, ::getpid());
  EXPECT_FALSE(rank.host.empty());
  EXPECT_EQ(machine_row(document).allocator, keeps_freed_memory() ? "freed memory kept" : "system default");
}

}  // namespace
}  // namespace diffbench::measure
