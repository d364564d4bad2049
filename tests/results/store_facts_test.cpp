// What a run stores besides timings: it comes back as it went in, and what is wrong is refused whole.
#include <SQLiteCpp/SQLiteCpp.h>
#include <gmock/gmock.h>

#include "tests/results/example.h"

namespace diffbench::results {
namespace {

std::string text_of(const Example& example, const std::string& sql) {
  return example.store.database().execAndGet(sql).getString();
}

TEST(StoreFacts, CellsKeepEveryColumn) {
  Example example;
  CellRow row = example_cell("full");
  row.method_params = R"({"exit":3,"threshold":0.5})";
  row.given_params = R"({"exit":3})";
  row.decides = "batch";
  row.solver_params = R"({"order":2})";
  row.given_solver_params = R"({"order":2.0})";
  row.threads = 4;
  row.guidance = 1.5;
  row.guidance_interval = "[0.2,0.8]";
  row.guidance_exits = "separate";
  row.identity = "0123";
  example.add(row);
  const CellRow stored = example.store.cells(example.run).at(0).row;
  EXPECT_EQ(stored.method_params, row.method_params);
  EXPECT_EQ(stored.given_params, row.given_params);
  EXPECT_EQ(stored.decides, "batch");
  EXPECT_EQ(stored.solver_params, row.solver_params);
  EXPECT_EQ(stored.given_solver_params, row.given_solver_params);
  EXPECT_EQ(stored.threads, 4);
  EXPECT_EQ(stored.guidance, 1.5);
  EXPECT_EQ(stored.guidance_interval, row.guidance_interval);
  EXPECT_EQ(stored.guidance_exits, "separate");
  EXPECT_EQ(stored.scenario, "offline");
  EXPECT_EQ(stored.identity, "0123");
  row.key = "wrong";
  row.decides = "moon";
  EXPECT_THROW(example.add(row), DatabaseError);
  row.decides = "row";
  row.guidance_interval = "0.2 to 0.8";
  EXPECT_THROW(example.add(row), DatabaseError);
}

TEST(StoreFacts, MachineRankAndMethods) {
  Example example;
  example.store.put_machine(example.run, {.host = "a", .usable_core_count = 2, .turbo = "off"});
  example.store.put_machine(example.run, {.host = "a",
                                          .core_count = 8,
                                          .usable_core_count = 4,
                                          .kernel = "6.1",
                                          .build_type = "Release",
                                          .turbo = "on",
                                          .smt = "off",
                                          .huge_pages = "madvise",
                                          .clock_source = "tsc",
                                          .allocator = "freed memory kept",
                                          .settings = R"({"OMP_NUM_THREADS":"1"})"});
  EXPECT_EQ(text_of(example,
                    "SELECT core_count || usable_core_count || kernel || build_type || turbo || smt || huge_pages || "
                    "clock_source || allocator || settings FROM machine"),
            R"(846.1Releaseonoffmadvisetscfreed memory kept{"OMP_NUM_THREADS":"1"})");
  EXPECT_THROW(example.store.put_machine(example.run, {.host = "b", .turbo = "maybe"}), DatabaseError);
  EXPECT_THROW(example.store.put_machine(example.run, {.host = "b", .settings = "OMP=1"}), DatabaseError);
  example.store.put_rank(example.run, {.rank = 0,
                                       .host = "a",
                                       .device = "cpu",
                                       .threads = 2,
                                       .torch_threads = 3,
                                       .omp_threads = 4,
                                       .binding = "0-3,8",
                                       .pid = 9});
  EXPECT_EQ(text_of(example, "SELECT threads || torch_threads || omp_threads || binding || pid FROM rank"),
            "2340-3,89");
  const std::vector<MethodRow> methods = {{.name = "full", .summary = "every block"},
                                          {.name = "exit", .summary = "s", .knob = "every", .knob_text = "every {}"}};
  example.store.put_methods(example.run, methods);
  example.store.put_methods(example.run, methods);  // a resumed run says it again
  EXPECT_EQ(text_of(example, "SELECT group_concat(name || ifnull(knob, '-') || knob_text, ' ') FROM method"),
            "exiteveryevery {} full-{}");
}

TEST(StoreFacts, ArtifactsAndPlannedDepths) {
  Example example;
  const std::int64_t cell = example.add(example_cell("full"));
  example.store.add_artifacts(
      cell, std::vector<ArtifactRow>{{"weights", "b.safetensors", "02"}, {"gates", "g.safetensors", "03"}});
  const std::vector<ArtifactRow> artifacts = example.store.artifacts(cell);
  ASSERT_EQ(artifacts.size(), 2U);
  EXPECT_EQ(artifacts[0].role, "gates");
  EXPECT_EQ(artifacts[1].path, "b.safetensors");
  EXPECT_EQ(artifacts[1].sha256, "02");
  // the whole list is refused with its last row
  EXPECT_THROW(example.store.add_artifacts(
                   cell, std::vector<ArtifactRow>{{"model", "m.toml", "01"}, {"gates", "g.safetensors", "04"}}),
               DatabaseError);
  EXPECT_EQ(example.store.artifacts(cell).size(), 2U);
  example.store.add_planned_depths(cell, std::vector<PlannedDepthRow>{{0, 500, 4}, {500, 1000, 12}});
  EXPECT_EQ(text_of(example, "SELECT sum(blocks) FROM planned_depth"), "16.0");
  EXPECT_THROW(example.store.add_planned_depths(cell, std::vector<PlannedDepthRow>{{2, 1, 4}}), DatabaseError);
}

TEST(StoreFacts, ResumedRunsFindTheDecisionsOfRankZero) {
  Example example;
  const std::int64_t cell = example.add(example_cell("full"));
  EXPECT_EQ(example.store.decisions(cell), std::nullopt);
  const std::vector<PreparationRow> rows = {{.rank = 1, .duration_ns = 5, .decisions = "[1]"},
                                            {.rank = 0, .duration_ns = 7, .decisions = "[0,4]"}};
  example.store.put_preparations(cell, rows);
  example.store.put_preparations(cell, rows);
  EXPECT_EQ(example.store.decisions(cell), "[0,4]");
  EXPECT_EQ(text_of(example, "SELECT count(*) FROM preparation"), "2");
  EXPECT_THROW(example.store.put_preparations(cell, std::vector<PreparationRow>{{.decisions = "nonsense"}}),
               DatabaseError);
  EXPECT_EQ(example.store.decisions(cell), "[0,4]") << "the earlier rows stay";
}

TEST(StoreFacts, WarmupsAreAttemptsOfTheirPass) {
  Example example;
  const std::int64_t cell = example.add(example_cell("full"));
  example.store.add_warmup(cell, {.durations_ns = {9, 7, 5}, .reason = "max_seconds"});
  example.store.add_warmup(cell, {.pass = Pass::kProfile, .durations_ns = {4}, .reason = "max_repetitions"});
  example.store.add_warmup(cell, {.durations_ns = {6, 5}, .converged = true, .reason = "windows_agree"});
  EXPECT_EQ(text_of(example, "SELECT group_concat(pass || attempt || converged || reason, ' ') FROM warmup_end"),
            "profile00max_repetitions timing00max_seconds timing11windows_agree");
  EXPECT_EQ(
      text_of(example, "SELECT group_concat(pass || attempt || repetition || '=' || duration_ns, ' ') FROM warmup"),
      "profile00=4 timing00=9 timing01=7 timing02=5 timing10=6 timing11=5");
  EXPECT_THROW(example.store.add_warmup(cell, {.durations_ns = {5, 0}, .reason = "max_seconds"}), DatabaseError);
  EXPECT_EQ(text_of(example, "SELECT count(*) FROM warmup_end"), "3");
  EXPECT_THAT(example.store.completed_rounds(cell), ::testing::IsEmpty()) << "a warm-up is no round";
}

TEST(StoreFacts, TimingsKeepEveryColumn) {
  Example example;
  const std::int64_t cell = example.add(example_cell("full"));
  example.store.add_timings(std::vector<TimingRow>{{.cell = cell,
                                                    .round = 2,
                                                    .repetition = 1,
                                                    .started_ns = 3,
                                                    .duration_ns = 100,
                                                    .samples = 5,
                                                    .decode_ns = 40,
                                                    .page_fault_count = 6,
                                                    .steal_ns = 7,
                                                    .core_wait_ns = 8,
                                                    .energy_j = 0.5,
                                                    .disturbance = "steal time"}});
  const TimingRow row = example.store.timings(cell).at(0);
  EXPECT_EQ(row.decode_ns, 40);
  EXPECT_EQ(row.page_fault_count, 6);
  EXPECT_EQ(row.steal_ns, 7);
  EXPECT_EQ(row.core_wait_ns, 8);
  EXPECT_EQ(row.energy_j, 0.5);
  EXPECT_EQ(row.discard_reason, std::nullopt);
  EXPECT_EQ(row.disturbance, "steal time");
  EXPECT_THROW(example.store.add_timings(
                   std::vector<TimingRow>{{.cell = cell, .duration_ns = 10, .samples = 1, .decode_ns = 11}}),
               DatabaseError)
      << "longer than the whole";
}

TEST(StoreFacts, TracesComeBackAsTheyWentIn) {
  Example example;
  const std::int64_t cell = example.add(example_cell("full"));
  EXPECT_FALSE(example.store.trace(cell));
  example.store.put_trace(cell, {.block_count = 12,
                                 .flops_full = 1e9,
                                 .samples = 20,
                                 .evaluations = {{.evaluation = 0, .t = 999, .rows = 20, .blocks_executed = 240},
                                                 {.evaluation = 1,
                                                  .t = 0.1,
                                                  .rows = 20,
                                                  .blocks_executed = 1.0 / 3,
                                                  .flops = 5e8,
                                                  .probe_flops = 1e6,
                                                  .blocks_carried = 0.25,
                                                  .compaction_count = 3}},
                                 .exit_counts = {{.evaluation = 1, .block = 4, .rows = 20}}});
  const TraceRow trace = *example.store.trace(cell);
  EXPECT_EQ(trace.block_count, 12);
  EXPECT_EQ(trace.flops_full, 1e9);
  EXPECT_EQ(trace.samples, 20);
  ASSERT_EQ(trace.evaluations.size(), 2U);
  EXPECT_EQ(trace.evaluations[0].t, 999);
  EXPECT_EQ(trace.evaluations[1].blocks_executed, 1.0 / 3);
  EXPECT_EQ(trace.evaluations[1].probe_flops, 1e6);
  EXPECT_EQ(trace.evaluations[1].blocks_carried, 0.25);
  EXPECT_EQ(trace.evaluations[1].compaction_count, 3);
  ASSERT_EQ(trace.exit_counts.size(), 1U);
  EXPECT_EQ(trace.exit_counts[0].block, 4);
}

TEST(StoreFacts, MemoryPeaksAndQualityReplaceTheEarlierOnes) {
  Example example;
  const std::int64_t cell = example.add(example_cell("full"));
  for (const std::int64_t bytes : {100, 200}) {
    example.store.put_memory_peaks(cell, std::vector<MemoryPeakRow>{{.rank = 0, .process_bytes = bytes}});
    example.store.put_quality({.cell = cell,
                               .metric = "fid_difference",
                               .value = 0.5,
                               .low = -1,
                               .high = 2,
                               .confidence = 0.9,
                               .rule = "jackknife",
                               .n = bytes});
  }
  EXPECT_EQ(text_of(example, "SELECT group_concat(process_bytes || (device_bytes IS NULL)) FROM memory_peak"), "2001");
  EXPECT_EQ(text_of(example, "SELECT group_concat(n || rule || confidence) FROM quality"), "200jackknife0.9");
}

}  // namespace
}  // namespace diffbench::results
