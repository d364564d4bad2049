#include "harness/measure/judge.h"

#include <ATen/ATen.h>

#include <map>
#include <numeric>
#include <set>

#include "harness/measure/progress.h"
#include "harness/measure/shard.h"
#include "harness/quality/fid_interval.h"
#include "harness/quality/reference_statistics.h"
#include "harness/ranks/work_split.h"
#include "methods/data/sha256.h"
#include "methods/model/decode.h"

namespace diffbench::measure {
namespace {

class Judgement {
 public:
  Judgement(Session& session, quality::FeatureExtractor& extractor)
      : session_(session), options_(session.suite.quality), extractor_(extractor) {}

  // `cells` make the same samples; shards are stored under the first
  void run(const std::vector<CellState*>& cells, Progress& progress) {
    CellState& owner = *cells.front();
    const std::set<int> done = completed_shards(owner);
    std::vector<int> missing;
    for (int shard = 0; shard < shard_count(); ++shard) {
      if (!done.contains(shard)) {
        missing.push_back(shard);
      }
    }
    progress.advance(static_cast<int64_t>(done.size()));
    // a few shards at a time, so that every rank has a batch to make
    const int batches_per_shard = (options_.shard + options_.batch - 1) / options_.batch;
    const size_t at_once = static_cast<size_t>((session_.world.size() + batches_per_shard - 1) / batches_per_shard);
    for (size_t first = 0; first < missing.size() && owner.is_alive(); first += at_once) {
      const size_t last = std::min(missing.size(), first + at_once);
      make_shards(owner, {missing.begin() + static_cast<std::ptrdiff_t>(first),
                          missing.begin() + static_cast<std::ptrdiff_t>(last)});
      progress.advance(static_cast<int64_t>(last - first));
    }
    for (auto* cell : cells) {
      if (!owner.is_alive() && cell->is_alive()) {
        session_.fail_cell(*cell, owner.reason);
      }
    }
  }

  int shard_count() const { return (options_.samples + options_.shard - 1) / options_.shard; }

 private:
  std::set<int> completed_shards(const CellState& owner) const {
    std::vector<double> shards;
    if (session_.store) {
      const auto stored = session_.store->completed_shards(owner.id);
      shards.assign(stored.begin(), stored.end());
    }
    shards = session_.world.broadcast(shards);
    return {shards.begin(), shards.end()};
  }

  // the batches of the given shards are dealt out over the ranks
  void make_shards(CellState& owner, const std::vector<int>& shards) {
    std::vector<SampleRange> batches;
    for (const int shard : shards) {
      const int64_t end = std::min<int64_t>(options_.samples, static_cast<int64_t>(shard + 1) * options_.shard);
      for (int64_t first = static_cast<int64_t>(shard) * options_.shard; first < end; first += options_.batch) {
        batches.push_back({shard, first, std::min<int64_t>(options_.batch, end - first)});
      }
    }
    std::vector<ShardPart> parts;
    std::string fault;
    try {
      for (const int b :
           ranks::batches_of_rank(static_cast<int>(batches.size()), session_.world.rank(), session_.world.size())) {
        parts.push_back(judge_batch(owner, batches[static_cast<size_t>(b)]));
      }
    } catch (const std::exception& error) {
      fault = error.what();
    }
    if (const auto failure = session_.world.agree({.is_input_error = false, .message = fault})) {
      session_.fail_cell(owner, "quality: " + failure->message);
      return;
    }
    const auto gathered = session_.world.gather(pack_parts(parts));
    session_.world.together([&] {
      if (session_.store) {
        store_shards(owner, gathered);
      }
    });
  }

  ShardPart judge_batch(CellState& owner, const SampleRange& range) {
    std::vector<int64_t> samples(static_cast<size_t>(range.count));
    std::iota(samples.begin(), samples.end(), range.first);
    const auto& model = owner.runner->model();
    const auto made = owner.runner->run(samples).samples;
    if (!at::isfinite(made).all().item<bool>()) {
      throw std::runtime_error("samples are not finite");
    }
    const auto images = to_uint8(decode(made, model), model.image).to(at::kCPU);
    const int64_t kept = std::clamp<int64_t>(options_.images - range.first, 0, range.count);
    return make_part(range, extractor_.extract(images).features, made, images.slice(0, 0, kept));
  }

  void store_shards(const CellState& owner, const std::vector<ranks::Bytes>& gathered) {
    const auto merged = merge_parts(gathered);
    results::Transaction transaction(*session_.store);
    for (const auto& [shard, part] : merged) {
      session_.store->add_feature_shard(feature_shard_row(owner.id, part));
      session_.store->put_samples(sample_rows(owner.id, part, owner.runner->model()));
    }
    transaction.commit();
  }

  Session& session_;
  const suite::QualityOptions& options_;
  quality::FeatureExtractor& extractor_;
};

// FID of the stored shards, with its jackknife interval, for each cell of the judgement
void store_quality(Session& session, const std::vector<CellState*>& cells, const QualityTools& tools) {
  const auto rows = session.store->feature_shards(cells.front()->id);
  std::vector<quality::FeatureStatistics> groups;
  Checksum checksum;
  int64_t n = 0;
  for (const auto& row : rows) {
    groups.push_back(statistics_of(row));
    checksum.add_hex(row.sample_checksum);
    n += row.sample_count;
  }
  results::QualityRow quality{.metric = "fid",
                              .n = n,
                              .extractor_sha = tools.extractor.hash(),
                              .reference_sha = tools.reference_sha,
                              .sample_checksum = checksum.hex()};
  if (groups.size() >= 2) {
    const auto estimate = quality::fid_interval(groups, tools.reference);
    quality.value = estimate.value;
    quality.low = estimate.low;
    quality.high = estimate.high;
  } else {
    quality.value = tools.reference.distance(groups.front().gaussian());
  }
  results::Transaction transaction(*session.store);
  for (const auto* cell : cells) {
    quality.cell = cell->id;
    session.store->put_quality(quality);
  }
  transaction.commit();
}

}  // namespace

std::optional<QualityTools> load_quality_tools(const suite::Suite& suite, at::Device device) {
  const auto& options = suite.quality;
  if (options.samples == 0) {
    return std::nullopt;
  }
  const auto file = options.reference.empty()
                        ? quality::FeatureExtractor::resolve(options.extractor).parent_path() / "reference.npz"
                        : std::filesystem::path(options.reference);
  quality::FeatureExtractor extractor(options.extractor, device);
  return QualityTools{std::move(extractor), quality::FrechetReference(quality::read_statistics(file)),
                      data::sha256_of_file(file)};
}

void judge_cells(Session& session, std::optional<QualityTools>& tools) {
  if (!tools) {
    return;
  }
  std::map<std::string, std::vector<CellState*>> judged;
  for (auto& state : session.cells) {
    if (state.is_alive() && state.cell.method != "null") {
      judged[state.cell.quality_key].push_back(&state);
    }
  }
  Judgement judgement(session, tools->extractor);
  Progress progress(session.world.rank() == 0, "sampling for quality",
                    static_cast<int64_t>(judged.size()) * judgement.shard_count());
  for (auto& [key, cells] : judged) {
    judgement.run(cells, progress);
    session.world.together([&] {
      if (session.store && cells.front()->is_alive()) {
        store_quality(session, cells, *tools);
      }
    });
  }
}

}  // namespace diffbench::measure
