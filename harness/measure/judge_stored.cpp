#include "harness/measure/judge_stored.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <set>

#include "harness/measure/shard.h"
#include "harness/measure/stored_rows.h"
#include "harness/quality/metric_rows.h"

namespace diffbench::measure {
namespace {

using quality::Evidence;
using quality::Need;

// the evidence of a network's place: 0 and the LPIPS network have pixels alone
struct Place {
  int place = 0;
  const quality::Reference* reference = nullptr;
  Metrics metrics{};
};

std::vector<Place> places_of(const JudgeRequest& request, int lpips) {
  std::vector<Place> places = {{.place = 0}};
  for (const auto& reference : request.references) {
    places.push_back({.place = reference.place, .reference = &reference.reference});
  }
  places.push_back({.place = lpips});
  for (const auto* metric : request.metrics) {
    if ((metric->needs & Need::kPairNetwork) != 0) {
      places.back().metrics.push_back(metric);
    } else if ((metric->needs & Need::kImages) != 0) {
      places.front().metrics.push_back(metric);
    } else {
      for (auto& place : places) {
        if (place.reference) place.metrics.push_back(metric);
      }
    }
  }
  std::erase_if(places, [](const Place& place) { return place.metrics.empty(); });
  return places;
}

quality::Gaussian gaussian(const results::FeatureStatisticsRow& row) {
  const auto width = static_cast<int64_t>(row.mean.size());
  auto mean = row.mean;  // from_blob wants them writable
  auto covariance = row.covariance;
  return {at::from_blob(mean.data(), {width}, at::kDouble).clone(),
          at::from_blob(covariance.data(), {width, width}, at::kDouble).clone(), row.sample_count};
}

Evidence stored_evidence(const results::Store& store, int64_t owner, const Place& place,
                         const quality::PairNetwork& lpips) {
  Evidence evidence{.images = stored_images(store, owner), .reference = place.reference, .lpips = lpips};
  if (!place.reference) return evidence;
  evidence.features = stored_rows(store, owner, place.place, results::ShardNumbers::kFeatures);
  evidence.logits = stored_rows(store, owner, place.place, results::ShardNumbers::kLogits);
  evidence.spatial = stored_rows(store, owner, place.place, results::ShardNumbers::kSpatial);
  if (!evidence.features) {
    if (const auto row = store.feature_statistics(owner, place.place)) evidence.statistics = gaussian(*row);
  }
  return evidence;
}

// what a reference has of one class
quality::Reference reference_of_class(const quality::Reference* all, int64_t label) {
  quality::Reference reference;
  if (all == nullptr || !all->rows || !all->labels.defined()) return reference;
  const auto places = (all->labels == label).nonzero().flatten().to(at::kLong).contiguous();
  if (places.numel() < 2) return reference;  // without any of the class there is nothing to compare with
  const auto* begin = places.const_data_ptr<int64_t>();
  reference.rows = quality::chosen_rows(all->rows, {begin, begin + places.numel()});
  return reference;
}

// the samples of one class, and what the reference has of it
struct OfClass {
  int64_t count = 0;  // of samples
  Evidence baseline;
  Evidence evidence;

  OfClass(const Evidence& all, int64_t label, int64_t classes, const quality::Reference& reference) {
    const auto& every = all.features ? all.features : all.images;
    std::vector<int64_t> members;
    for (int64_t i = label; every && i < every->count(); i += classes) members.push_back(i);
    count = static_cast<int64_t>(members.size());
    const auto chosen = [&](const Evidence& one) {
      const auto of = [&](const quality::RowsPtr& rows) { return rows ? quality::chosen_rows(rows, members) : rows; };
      return Evidence{.features = of(one.features),
                      .logits = of(one.logits),
                      .spatial = of(one.spatial),
                      .images = of(one.images),
                      .lpips = one.lpips};
    };
    evidence = chosen(all);
    if (all.baseline) {
      baseline = chosen(*all.baseline);
      evidence.baseline = &baseline;
    }
    evidence.reference = &reference;
  }
  OfClass(const OfClass&) = delete;  // the evidence points at its neighbours
};

class Judging {
 public:
  Judging(results::Store& store, int64_t run, const JudgeRequest& request) : store_(store), request_(request) {
    for (const auto& row : store.judgements(run)) {
      if (!row.is_ok) continue;
      owners_[row.cell] = row.owner;
      cells_[row.owner].push_back(row);
    }
    int lpips = 1;
    for (const auto& row : store.extractors(run)) lpips = std::max(lpips, row.place);
    places_ = places_of(request, lpips);
  }

  std::map<int64_t, std::string> run() {
    store_.put_metrics(quality::metric_rows(request_.metrics));
    std::map<int64_t, std::string> faults;
    for (const auto& [owner, cells] : cells_) {
      try {
        results::Transaction transaction(store_);
        for (const Place& place : places_) judge(owner, cells, place);
        transaction.commit();
      } catch (const results::DatabaseError&) {
        throw;  // says nothing of the cell: another program holds the file, the disk is full
      } catch (const std::exception& error) {
        faults[owner] = error.what();
      }
    }
    return faults;
  }

 private:
  // one that is there and has not failed
  bool has_baseline(const results::JudgementRow& cell) const {
    return cell.baseline && owners_.contains(*cell.baseline);
  }

  // all cells of one judgement are set against the same samples
  std::optional<int64_t> baseline_owner(const std::vector<results::JudgementRow>& cells) const {
    for (const auto& cell : cells) {
      if (has_baseline(cell)) return owners_.at(*cell.baseline);
    }
    return std::nullopt;
  }

  void judge(int64_t owner, const std::vector<results::JudgementRow>& cells, const Place& place) {
    Evidence evidence = stored_evidence(store_, owner, place, request_.lpips);
    Evidence full;
    const auto baseline = baseline_owner(cells);
    if (baseline) {
      full = stored_evidence(store_, *baseline, place, request_.lpips);
      evidence.baseline = &full;
    }
    Metrics metrics;
    for (const auto* metric : place.metrics) {
      if ((metric->needs & Need::kBaseline) != 0 && !baseline) continue;  // `full` itself, or its baseline failed
      if (const auto lack = quality::lacking(*metric, evidence); !lack.empty()) {
        throw std::runtime_error(std::string(metric->name) + ": " + lack);
      }
      metrics.push_back(metric);
    }
    const auto checksum = checksum_of(owner);
    for (auto& computed : quality::compute(metrics, evidence)) {
      const auto estimate = quality::estimate_of(computed.replicates, computed.metric->range);
      put(cells, place, std::string(computed.metric->name), estimate, checksum,
          (computed.metric->needs & Need::kBaseline) != 0);
      put_curve(cells, place, computed);
      if (baseline && quality::has_difference(*computed.metric)) {
        const auto& of_full = replicates_of(*baseline, place, *computed.metric, full);
        put(cells, place, quality::difference_name(*computed.metric),
            quality::difference_of(computed.replicates, of_full), checksum, true);
      }
      known_[{owner, place.place, computed.metric}] = std::move(computed.replicates);
    }
    judge_classes(cells, place, metrics, evidence);
  }

  // a baseline comes before its methods in most suites, and then this is known already
  const quality::Replicates& replicates_of(int64_t owner, const Place& place, const quality::QualityMetric& metric,
                                           const Evidence& evidence) {
    const auto key = std::tuple(owner, place.place, &metric);
    const auto found = known_.find(key);
    if (found != known_.end()) return found->second;
    const quality::QualityMetric* const one[] = {&metric};
    return known_[key] = quality::compute(one, evidence).front().replicates;
  }

  void judge_classes(const std::vector<results::JudgementRow>& cells, const Place& place, const Metrics& metrics,
                     const Evidence& evidence) {
    const int64_t classes = cells.front().class_count;
    constexpr int64_t kMostClasses = 100;  // a bar chart of more says nothing, and each has few samples
    if (classes < 2 || classes > kMostClasses) return;
    for (int64_t label = 0; label < classes; ++label) {
      auto kept = class_references_.find({place.place, label});
      if (kept == class_references_.end()) {
        kept =
            class_references_.emplace(std::pair(place.place, label), reference_of_class(place.reference, label)).first;
      }
      const OfClass within(evidence, label, classes, kept->second);
      if (within.count < 2) continue;  // says nothing, and is no fault of the run
      Metrics possible;
      for (const auto* metric : metrics) {
        if (metric->by_class && quality::lacking(*metric, within.evidence).empty()) possible.push_back(metric);
      }
      for (const auto& computed : quality::compute(possible, within.evidence)) {
        const auto estimate = quality::estimate_of(computed.replicates, computed.metric->range);
        for (const auto& cell : cells) {
          if ((computed.metric->needs & Need::kBaseline) != 0 && !has_baseline(cell)) continue;
          auto row = quality::quality_row(std::string(computed.metric->name), estimate);
          row.cell = cell.cell;
          row.extractor = place.place;
          row.label = label;
          store_.put_quality(row);
        }
      }
    }
  }

  void put(const std::vector<results::JudgementRow>& cells, const Place& place, const std::string& metric,
           const quality::QualityEstimate& estimate, const std::string& checksum, bool against_baseline) {
    for (const auto& cell : cells) {
      if (against_baseline && !has_baseline(cell)) continue;
      auto row = quality::quality_row(metric, estimate);
      row.cell = cell.cell;
      row.extractor = place.place;
      row.sample_checksum = checksum;
      store_.put_quality(row);
    }
  }

  void put_curve(const std::vector<results::JudgementRow>& cells, const Place& place,
                 const quality::ComputedMetric& computed) {
    for (const auto& cell : cells) {
      std::vector<results::QualityCurveRow> rows;
      for (const auto& point : computed.curve) {
        rows.push_back({.cell = cell.cell,
                        .metric = std::string(computed.metric->name),
                        .extractor = place.place,
                        .n = point.n,
                        .value = point.value});
      }
      store_.put_quality_curve(rows);
    }
  }

  std::string checksum_of(int64_t owner) const {
    Checksum checksum;
    for (const auto& shard : store_.feature_shards(owner, 1)) checksum.add_hex(shard.sample_checksum);
    const auto statistics = store_.feature_statistics(owner, 1);
    return statistics ? statistics->sample_checksum : checksum.hex();
  }

  results::Store& store_;
  const JudgeRequest& request_;
  std::vector<Place> places_;
  std::map<int64_t, int64_t> owners_;                            // by cell
  std::map<int64_t, std::vector<results::JudgementRow>> cells_;  // by owner
  std::map<std::tuple<int64_t, int, const quality::QualityMetric*>, quality::Replicates> known_;
  // by place and label: which rows of the reference, and what every cell needs of them (a few numbers each)
  std::map<std::pair<int, int64_t>, quality::Reference> class_references_;
};

std::vector<double> numbers(const at::Tensor& tensor) {
  const auto flat = tensor.to(at::kDouble).contiguous();
  return {flat.const_data_ptr<double>(), flat.const_data_ptr<double>() + flat.numel()};
}

// feature rows become mean and covariance
void keep_statistics_only(results::Store& store, int64_t run) {
  results::Transaction transaction(store);
  for (const auto& judged : store.judgements(run)) {
    if (judged.cell != judged.owner) continue;
    for (const auto& extractor : store.extractors(run)) {
      const auto rows = stored_rows(store, judged.owner, extractor.place, results::ShardNumbers::kFeatures);
      if (!rows) continue;
      constexpr int64_t kRowsAtOnce = 4096;
      quality::FeatureStatistics statistics(
          rows->rows(0, std::min(kRowsAtOnce, rows->count())).to(at::kDouble).mean(0));
      for (int64_t first = 0; first < rows->count(); first += kRowsAtOnce) {
        statistics.add(rows->rows(first, std::min(kRowsAtOnce, rows->count() - first)));
      }
      Checksum checksum;
      for (const auto& shard : store.feature_shards(judged.owner, extractor.place)) {
        checksum.add_hex(shard.sample_checksum);
      }
      const auto gaussian = statistics.gaussian();
      store.put_feature_statistics({.cell = judged.owner,
                                    .extractor = extractor.place,
                                    .sample_count = statistics.count(),
                                    .mean = numbers(gaussian.mean),
                                    .covariance = numbers(gaussian.covariance),
                                    .sample_checksum = checksum.hex()});
    }
    store.drop_feature_shards(judged.owner);
  }
  transaction.commit();
}

}  // namespace

std::map<int64_t, std::string> judge_stored(results::Store& store, int64_t run, const JudgeRequest& request) {
  return Judging(store, run, request).run();
}

void keep_of_judged(results::Store& store, int64_t run, const std::string& keep) {
  if (keep == "statistics") keep_statistics_only(store, run);
  if (keep == "images") return;
  for (const auto& judged : store.judgements(run)) store.drop_image_shards(judged.cell);
}

}  // namespace diffbench::measure
