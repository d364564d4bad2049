// Cells for services that follow benchmarks over commits: github-action-benchmark's customSmallerIsBetter, and the
// results that conbench's server takes (benchadapt's BenchmarkResult). Strict JSON.
#include <array>
#include <cstdio>
#include <cstdlib>

#include "results/export/formats.h"
#include "results/export/json_members.h"

namespace diffbench::results {
namespace {

// What is better when smaller, in the unit in which people read it.
struct Tracked {
  std::string_view metric;
  std::string_view unit;
  double scale;
};
constexpr std::array kTracked = {Tracked{"latency", "ms", 1e-6},
                                 Tracked{"latency_p99", "ms", 1e-6},
                                 Tracked{"peak_memory", "MiB", 1.0 / 1048576},
                                 Tracked{"device_memory", "MiB", 1.0 / 1048576},
                                 Tracked{"energy_per_sample", "J", 1},
                                 Tracked{"fid", "distance", 1}};

std::string number(double value) {
  char text[32];
  std::snprintf(text, sizeof(text), "%.6g", value);
  return text;
}

class ConbenchWriter {
 public:
  ConbenchWriter(const ExportRequest& request, OutputFile& file)
      : file_(file),
        run_(request.store.database(),
             "SELECT run.uid, started_utc, suite_name, git_sha, program_version, host, os, kernel, memory_bytes, "
             "cpu_model, core_count, gpu_names, torch_version FROM run LEFT JOIN machine ON machine.run = run.id WHERE "
             "run.id = ? ORDER BY machine.id LIMIT 1"),
        durations_(request.store.database(),
                   "SELECT duration_ns FROM cell_repetition WHERE cell = ? ORDER BY round, repetition") {
    bind_all(run_, request.run);
    run_.executeStep();
  }

  void write(const CellSummary& cell) {
    file_.text("{");
    Members member(file_);
    member("run_id").quoted(text(0));
    member("batch_id").quoted(text(0));
    member("timestamp").quoted(text(1));
    if (!run_.getColumn(3).isNull()) member("run_name").quoted("commit: " + text(3));
    stats(member, cell);
    tags(member, cell);
    machine(member);
    member("info").text("{");
    Members info(file_);
    info("label").quoted(cell.row.method_label);
    file_.text("}");
    context(member);
    github(member);
    file_.text("}");
  }

 private:
  std::string text(int column) { return run_.getColumn(column).getString(); }

  void stats(Members& member, const CellSummary& cell) {
    member("stats").text("{");
    Members stat(file_);
    stat("data").text("[");
    int count = 0;
    for (bind_all(durations_, cell.cell); durations_.executeStep(); ++count) {
      file_.text(count == 0 ? "" : ",").real(1e-9 * durations_.getColumn(0).getDouble());
    }
    file_.text("]");
    stat("unit").quoted("s");
    stat("times").text("[]");
    stat("time_unit").quoted("s");
    stat("iterations").integer(count);
    file_.text("}");
  }

  void tags(Members& member, const CellSummary& cell) {
    member("tags").text("{");
    Members tag(file_);
    tag("name").quoted(text(2));
    tag("cell").quoted(cell.row.key);
    tag("method").quoted(cell.row.method);
    tag("solver").quoted(cell.row.solver);
    tag("steps").quoted(std::to_string(cell.row.steps));
    tag("ranks").quoted(std::to_string(cell.row.ranks));
    file_.text("}");
  }

  void machine(Members& member) {
    member("machine_info").text("{");
    Members one(file_);
    one("name").quoted(text(5));
    one("os_name").quoted(text(6));
    one("kernel_name").quoted(text(7));
    one("memory_bytes").quoted(text(8));
    one("cpu_model_name").quoted(text(9));
    one("cpu_thread_count").quoted(text(10));
    one("gpu_product_names").text(text(11).empty() ? "[]" : text(11));
    file_.text("}");
  }

  void context(Members& member) {
    member("context").text("{");
    Members one(file_);
    one("benchmark_language").quoted("C++");
    one("program_version").quoted(text(4));
    one("torch_version").quoted(text(12));
    file_.text("}");
  }

  // The server wants the repository beside the commit; its own tools take it from this variable as well.
  void github(Members& member) {
    const char* repository = std::getenv("CONBENCH_PROJECT_REPOSITORY");
    if (repository == nullptr || run_.getColumn(3).isNull()) return;
    member("github").text("{");
    Members one(file_);
    one("commit").quoted(text(3));
    one("repository").quoted(repository);
    file_.text("}");
  }

  OutputFile& file_;
  SQLite::Statement run_;
  SQLite::Statement durations_;
};

}  // namespace

std::int64_t write_github_action(const ExportRequest& request) {
  require_finished(request);
  OutputFile file(request.path, false);
  file.text("[");
  std::int64_t rows = 0;
  for (const CellSummary& cell : summarize(request.store, request.run)) {
    if (!is_measured(cell)) continue;  // the format has no word for it
    for (const Tracked& tracked : kTracked) {
      const Estimate* estimate = cell.find(tracked.metric);
      if (!estimate) continue;
      file.text(rows++ == 0 ? "\n{" : ",\n{");
      Members member(file);
      member("name").quoted(cell.row.key + ": " + std::string(tracked.metric));
      member("unit").quoted(tracked.unit);
      member("value").real(estimate->value * tracked.scale);
      if (estimate->interval) {
        member("range").quoted("95 %: " + number(estimate->interval->low * tracked.scale) + " to " +
                               number(estimate->interval->high * tracked.scale));
      }
      member("extra").quoted(cell.row.method_label + ", n = " + std::to_string(estimate->n));
      file.text("}");
    }
  }
  file.text("\n]\n").close();
  return rows;
}

std::int64_t write_conbench(const ExportRequest& request) {
  require_finished(request);
  OutputFile file(request.path, false);
  ConbenchWriter writer(request, file);
  file.text("[");
  std::int64_t rows = 0;
  for (const CellSummary& cell : summarize(request.store, request.run)) {
    if (!is_measured(cell)) continue;
    file.text(rows++ == 0 ? "\n" : ",\n");
    writer.write(cell);
  }
  file.text("\n]\n").close();
  return rows;
}

}  // namespace diffbench::results
