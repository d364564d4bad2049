#pragma once
// Inside results/export only: the writers behind the table of formats. Each returns how many rows it wrote.
//
//   const std::int64_t rows = write_chrome(request);

#include "results/export/export.h"

namespace diffbench::results {

// SQLite in the schema of Nsight Systems' exports (3.28), for readers of those; see nsys_schema.cpp
std::int64_t write_nsys(const ExportRequest& request);
// Chrome's Trace Event JSON with PyTorch's categories: Perfetto, HTA
std::int64_t write_chrome(const ExportRequest& request);
// Perfetto's own protobuf trace
std::int64_t write_perfetto(const ExportRequest& request);
// Google Benchmark's JSON: a row per repetition; Bencher's metric format: an entry per cell
std::int64_t write_gbench(const ExportRequest& request);
std::int64_t write_bmf(const ExportRequest& request);
// github-action-benchmark's customSmallerIsBetter: an entry per cell and metric; conbench's results: one per cell
std::int64_t write_github_action(const ExportRequest& request);
std::int64_t write_conbench(const ExportRequest& request);
// the view cell_summary of the run
std::int64_t write_csv(const ExportRequest& request);

}  // namespace diffbench::results
