// Cells as benchmarks of other tools: Google Benchmark's JSON (json_schema_version 1), for its compare.py and what
// reads that, and Bencher's metric format. Both are strict JSON: no NaN, and no row that a strict reader would refuse.
#include <array>

#include "results/export/formats.h"
#include "results/export/json_members.h"
#include "results/export/output_file.h"
#include "results/sql.h"
#include "results/summary.h"

namespace diffbench::results {
namespace {

void write_context(OutputFile& file, const ExportRequest& request) {
  SQLite::Statement row(request.store.database(),
                        "SELECT started_utc, program_version, host, core_count, cpu_model, torch_version FROM run "
                        "LEFT JOIN machine ON machine.run = run.id WHERE run.id = ? ORDER BY machine.id LIMIT 1");
  bind_all(row, request.run);
  row.executeStep();
  Members member(file);
  file.text("\"context\":{");
  member("date").quoted(row.getColumn(0).getString());
  member("host_name").quoted(row.getColumn(2).getString());
  member("executable").quoted("diffbench");
  member("num_cpus").integer(row.getColumn(3).getInt64());
  member("mhz_per_cpu").integer(0);
  member("caches").text("[]");
  member("load_avg").text("[]");
  member("library_version").quoted(row.getColumn(1).getString());
  member("json_schema_version").integer(1);
  member("cpu_model").quoted(row.getColumn(4).getString());
  member("torch_version").quoted(row.getColumn(5).getString());
  member("cpu_time").quoted("not measured: it repeats real_time, which readers of this format ask for beside it");
  file.text("}");
}

OutputFile& begin_row(OutputFile& file, const CellSummary& cell, std::int64_t row) {
  file.text(row == 0 ? "\n{" : ",\n{");
  Members member(file);
  member("name").quoted(cell.row.key);
  member("run_name").quoted(cell.row.key);
  member("run_type").quoted("iteration");
  member("threads").integer(cell.row.ranks);
  return member("label").quoted(cell.row.method_label);
}

void write_failure(OutputFile& file, const CellSummary& cell) {
  const bool is_skipped = cell.status == CellStatus::kSkipped;
  file.text(is_skipped ? ",\"skipped\":true,\"skip_message\":" : ",\"error_occurred\":true,\"error_message\":");
  file.quoted(cell.status == CellStatus::kOk ? "no complete repetition" : cell.reason)
      .text(R"(,"repetitions":1,"repetition_index":0,"iterations":0,"real_time":0,"cpu_time":0)");
  file.text(R"(,"time_unit":"ns"})");
}

// What Bencher follows of a cell: its own name of latency, ours of the rest.
constexpr std::array<std::array<std::string_view, 2>, 11> kMeasures = {{{"latency", "latency"},
                                                                        {"latency_p90", "latency_p90"},
                                                                        {"latency_p99", "latency_p99"},
                                                                        {"images_per_s", "throughput"},
                                                                        {"speedup", "speedup"},
                                                                        {"theoretical_speedup", "theoretical_speedup"},
                                                                        {"realised_fraction", "realised_fraction"},
                                                                        {"peak_memory", "peak_memory"},
                                                                        {"energy_per_sample", "energy_per_sample"},
                                                                        {"fid", "fid"},
                                                                        {"fid_difference", "fid_difference"}}};

// One measure: its value, and its interval where there is one.
void write_measure(Members& member, std::string_view name, const Estimate& estimate) {
  OutputFile& file = member(name).text("{\"value\":").real(estimate.value);
  if (estimate.interval) {
    file.text(",\"lower_value\":").real(estimate.interval->low);
    file.text(",\"upper_value\":").real(estimate.interval->high);
  }
  file.text("}");
}

}  // namespace

std::int64_t write_gbench(const ExportRequest& request) {
  require_finished(request);
  OutputFile file(request.path, false);
  file.text("{");
  write_context(file, request);
  file.text(",\n\"benchmarks\":[");
  SQLite::Statement repetition(
      request.store.database(),
      "SELECT duration_ns, samples FROM cell_repetition WHERE cell = ? ORDER BY round, repetition");
  std::int64_t rows = 0;
  for (const CellSummary& cell : summarize(request.store, request.run)) {
    if (!is_measured(cell)) {
      write_failure(begin_row(file, cell, rows++), cell);
      continue;
    }
    bind_all(repetition, cell.cell);
    for (std::int64_t index = 0; repetition.executeStep(); ++index) {
      const std::int64_t duration_ns = repetition.getColumn(0).getInt64();
      Members member(begin_row(file, cell, rows++).text(","));
      member("repetitions").integer(cell.repetitions);
      member("repetition_index").integer(index);
      member("iterations").integer(1);
      member("real_time").integer(duration_ns);
      member("cpu_time").integer(duration_ns);
      member("time_unit").quoted("ns");
      member("items_per_second").real(1e9 * repetition.getColumn(1).getDouble() / static_cast<double>(duration_ns));
      file.text("}");
    }
  }
  file.text("\n]}\n").close();
  return rows;
}

std::int64_t write_bmf(const ExportRequest& request) {
  require_finished(request);
  OutputFile file(request.path, false);
  Members benchmark(file);
  file.text("{");
  std::int64_t rows = 0;
  for (const CellSummary& cell : summarize(request.store, request.run)) {
    if (!is_measured(cell)) continue;  // the format has no word for it
    benchmark(cell.row.key).text("{");
    Members measure(file);
    for (const auto& [name, metric] : kMeasures) {
      if (const Estimate* estimate = cell.find(metric)) write_measure(measure, name, *estimate);
    }
    file.text("}");
    ++rows;
  }
  file.text("}\n").close();
  return rows;
}

}  // namespace diffbench::results
