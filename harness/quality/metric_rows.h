#pragma once
// Quality metrics and values as rows of a results file.
//
//   store.put_metrics(metric_rows(metrics));                 // each, and its difference to `full` where it has one
//   results::QualityRow row = quality_row("fid", estimate);  // cell and extractor are the caller's

#include <span>
#include <string>
#include <vector>

#include "harness/quality/metrics.h"
#include "results/rows.h"

namespace diffbench::quality {

// a metric that is itself a comparison with `full` has none
bool has_difference(const QualityMetric& metric);
std::string difference_name(const QualityMetric& metric);

std::vector<results::MetricRow> metric_rows(std::span<const QualityMetric* const> metrics);
std::vector<results::MetricRow> metric_rows();  // of the whole table
std::vector<std::string> metric_row_names();

results::QualityRow quality_row(const std::string& metric, const QualityEstimate& estimate);

}  // namespace diffbench::quality
