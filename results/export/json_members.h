#pragma once
// Inside results/export only: members of JSON objects, and which runs and cells have results for the tools of others.
//
//   file.text("{");
//   Members member(file);
//   member("name").quoted("gemm");
//   member("value").real(3.5);

#include <string_view>

#include "results/export/export.h"
#include "results/export/output_file.h"
#include "results/sql.h"
#include "results/summary.h"

namespace diffbench::results {

// A key of a JSON object, with the comma before it where it needs one.
class Members {
 public:
  explicit Members(OutputFile& file) : file_(file) {}
  OutputFile& operator()(std::string_view key) {
    file_.text(is_first_ ? "" : ",").quoted(key).text(":");
    is_first_ = false;
    return file_;
  }

 private:
  OutputFile& file_;
  bool is_first_ = true;
};

inline bool is_measured(const CellSummary& cell) { return cell.status == CellStatus::kOk && cell.repetitions > 0; }

// A cell's status is pending until its run has finished, and would look like a failure.
inline void require_finished(const ExportRequest& request) {
  SQLite::Statement status(request.store.database(), "SELECT 1 FROM run WHERE id = ? AND status = 'running'");
  bind_all(status, request.run);
  if (status.executeStep()) {
    throw DatabaseError(request.store.name() + ": run " + std::to_string(request.run) +
                        " has not finished; finish it with `diffbench run --resume`");
  }
}

}  // namespace diffbench::results
