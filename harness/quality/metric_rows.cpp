#include "harness/quality/metric_rows.h"

namespace diffbench::quality {

bool has_difference(const QualityMetric& metric) { return (metric.needs & kBaseline) == 0; }

std::string difference_name(const QualityMetric& metric) { return std::string(metric.name) + "_difference"; }

std::vector<results::MetricRow> metric_rows(std::span<const QualityMetric* const> metrics) {
  std::vector<results::MetricRow> rows;
  for (const auto* metric : metrics) {
    const std::string name(metric->name);
    const bool in_summary = name == "fid";  // view cell_summary has a column for it and its difference
    const std::string comparison = metric->comparison == ComparedBy::kRatio ? "ratio" : "difference";
    rows.push_back({.name = name,
                    .unit = std::string(metric->unit),
                    .better = std::string(metric->better),
                    .definition = std::string(metric->definition),
                    .formula = std::string(metric->formula),
                    .summary_column = in_summary ? name : "",
                    .comparison = comparison,
                    .smallest_effect = metric->smallest_effect});
    if (!has_difference(*metric)) continue;
    rows.push_back(
        {.name = difference_name(*metric),
         .unit = std::string(metric->unit),
         .better = std::string(metric->better),
         .definition = "What the method's " + name +
                       " is more than that of the `full` cell with everything else equal, from the same seeds.",
         .formula = name + " of the method - " + name + " of the baseline, paired by sample",
         .summary_column = in_summary ? difference_name(*metric) : "",
         .comparison = comparison,
         .smallest_effect = metric->smallest_effect});
  }
  return rows;
}

std::vector<results::MetricRow> metric_rows() {
  std::vector<const QualityMetric*> all;
  for (const auto& metric : quality_metrics()) all.push_back(&metric);
  return metric_rows(all);
}

std::vector<std::string> metric_row_names() {
  std::vector<std::string> names;
  for (const auto& row : metric_rows()) names.push_back(row.name);
  return names;
}

results::QualityRow quality_row(const std::string& metric, const QualityEstimate& estimate) {
  results::QualityRow row{.metric = metric,
                          .value = estimate.value,
                          .confidence = estimate.confidence,
                          .rule = estimate.rule,
                          .n = estimate.count};
  if (estimate.interval) {
    row.low = estimate.interval->low;
    row.high = estimate.interval->high;
  }
  return row;
}

}  // namespace diffbench::quality
