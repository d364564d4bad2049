#include "harness/quality/metrics.h"
#include <ATen/ATen.h>
#include <algorithm>
#include <map>
#include "harness/quality/fid_interval.h"
#include "methods/config/input_error.h"
#include "methods/config/nearest.h"
namespace diffbench::quality {
namespace {
Computed fid(const Evidence& e) {
  if (!e.features) return {.parts = {{.value = e.reference->features->distance(*e.statistics), .sizes = {e.statistics->count.value_or(0)}}}};
  FidGroups groups(e.reference->features->gaussian().mean);
  for (int64_t f = 0; f < e.features->count(); f += 4096) groups.add(e.features->rows(f, std::min<int64_t>(4096, e.features->count() - f)), f);
  return {.parts = {groups.replicates(*e.reference->features)}};
}
Computed rmse(const Evidence& e) {
  const auto n = e.images->count();
  return {.parts = {mean_replicates((e.images->rows(0, n).to(at::kDouble) - e.baseline->images->rows(0, n).to(at::kDouble)).square().flatten(1).mean(1).sqrt())}};
}
Computed kid(const Evidence& e) {
  const auto n = e.features->count();
  return {.parts = {mean_replicates(e.features->rows(0, n).to(at::kDouble).mean(1))}};
}
Computed prc(const Evidence& e) { auto one = kid(e).parts[0]; return {.parts = {one, one}}; }
const std::vector<QualityMetric>& table() {
  static const std::vector<QualityMetric> kTable = {
    {"fid", "distance", "lower", "d.", "f", kStatistics, fid, 0, Comparison::kRatio, 0.02, 1.0, {.low = 0}},
    {"kid", "distance", "lower", "d.", "f", kRows | kReferenceRows, kid, 0, Comparison::kRatio, 0.02, 1.0, {}, true},
    {"precision", "distance", "higher", "d.", "f", kRows | kReferenceRows, prc, 0},
    {"recall", "distance", "higher", "d.", "f", kRows | kReferenceRows, prc, 1},
    {"psnr", "distance", "lower", "d.", "f", kImages | kBaseline, rmse, 0, Comparison::kRatio, 0.02, 1.0, {}, true},
    {"rmse", "distance", "lower", "d.", "f", kImages | kBaseline, rmse, 0, Comparison::kRatio, 0.02, 1.0, {}, true}};
  return kTable;
}
}
std::span<const QualityMetric> quality_metrics() { return table(); }
std::vector<const QualityMetric*> find_metrics(const std::vector<std::string>& names, const std::string& where) {
  std::vector<const QualityMetric*> found;
  for (auto name : names) {
    for (const auto& wanted : name == "prc" ? std::vector<std::string>{"precision", "recall"} : std::vector<std::string>{name}) {
      bool ok = false;
      for (const auto& m : table()) if (m.name == wanted) { found.push_back(&m); ok = true; }
      if (!ok) throw config::InputError(where + ": no metric " + wanted);
    }
  }
  return found;
}
std::vector<ComputedMetric> compute(std::span<const QualityMetric* const> metrics, const Evidence& e) {
  std::vector<ComputedMetric> r;
  for (const auto* m : metrics) { auto c = m->compute(e); r.push_back({m, c.parts.at(m->part), c.curve}); }
  return r;
}
std::string lacking(const QualityMetric& m, const Evidence& e) {
  if ((m.needs & kImages) && !e.images) return "no images are kept";
  if ((m.needs & kRows) && !e.features) return "no rows";
  if ((m.needs & kReferenceRows) && !e.reference->rows) return "no reference rows";
  if ((m.needs & kStatistics) && !e.features && !e.statistics) return "none";
  if ((m.needs & kStatistics) && !e.reference->features) return "no statistics of the reference";
  return "";
}
}
