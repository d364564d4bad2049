#include "harness/measure/judge.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <set>

#include "harness/measure/judged_samples.h"
#include "harness/measure/on_all_ranks.h"
#include "harness/measure/progress.h"
#include "harness/measure/shard.h"
#include "harness/quality/reference_statistics.h"
#include "harness/ranks/exchange.h"
#include "harness/ranks/work_split.h"
#include "methods/config/input_error.h"
#include "methods/data/sha256.h"

namespace diffbench::measure {
namespace {

// cells that make the same samples; shards are stored under the first
struct Judgement {
  std::vector<CellState*> cells;
  ShardPlan plan;
  CellState& owner() const { return *cells.front(); }
};

class Judge {
 public:
  Judge(Session& session, QualityTools& tools) : session_(session), options_(session.suite.quality), tools_(tools) {
    for (auto& state : session.cells) {
      if (state.is_alive() && state.cell.method != "null") {
        auto& judgement = judgements_[state.judgement_key()];
        judgement.cells.push_back(&state);
        const bool by_batch = state.runner->facts().decides == "batch";
        judgement.plan = {.samples = options_.samples,
                          .shard = options_.shard,
                          .batch = by_batch ? state.cell.batch : options_.batch,
                          .whole_batches = by_batch};
      }
    }
  }

  void run() {
    int64_t shards = 0;
    for (const auto& [key, judgement] : judgements_) {
      shards += judgement.plan.shard_count();
    }
    Progress progress(session_.world.rank() == 0, "sampling for quality", shards);
    for (const auto& [key, judgement] : judgements_) {
      make_samples(judgement, progress);
    }
    for (const auto& [key, judgement] : judgements_) {
      compute(key, judgement);
    }
    store_quality();
  }

 private:
  void fail(const Judgement& judgement, const std::string& reason) {
    for (auto* cell : judgement.cells) {
      if (cell->is_alive()) {
        session_.fail_cell(*cell, "quality: " + reason);
      }
    }
  }

  void make_samples(const Judgement& judgement, Progress& progress) {
    const auto done = session_.writer
                          .read([&](const results::Store& store) {
                            return nlohmann::json(store.completed_shards(judgement.owner().id));
                          })
                          .get<std::set<int>>();
    std::vector<int> missing;
    for (int shard = 0; shard < judgement.plan.shard_count(); ++shard) {
      if (!done.contains(shard)) {
        missing.push_back(shard);
      }
    }
    progress.advance(static_cast<int64_t>(done.size()));
    // a few shards at a time, so that every rank has a batch to make
    const auto batches_per_shard = judgement.plan.batches(0).size();
    const auto ranks = static_cast<size_t>(session_.world.size());
    const size_t at_once = (ranks + batches_per_shard - 1) / batches_per_shard;
    for (size_t first = 0; first < missing.size() && judgement.owner().is_alive(); first += at_once) {
      const size_t count = std::min(at_once, missing.size() - first);
      make_shards(judgement, std::span(missing).subspan(first, count));
      progress.advance(static_cast<int64_t>(count));
    }
  }

  // the batches of the given shards are dealt out over the ranks
  void make_shards(const Judgement& judgement, std::span<const int> shards) {
    std::vector<SampleRange> batches;
    for (const int shard : shards) {
      const auto of_shard = judgement.plan.batches(shard);
      batches.insert(batches.end(), of_shard.begin(), of_shard.end());
    }
    std::vector<ShardPart> parts;
    const auto fault = on_all_ranks(session_.world, [&] {
      for (const int batch :
           ranks::batches_of_rank(static_cast<int>(batches.size()), session_.world.rank(), session_.world.size())) {
        parts.push_back(judge_batch(judgement.owner(), batches[static_cast<size_t>(batch)]));
      }
    });
    if (!fault.empty()) {
      fail(judgement, fault);
      return;
    }
    const auto collected = ranks::collect(session_.world, parts);
    session_.writer.write([&](results::Store& store) {
      std::vector<ShardPart> all;
      for (const auto& from : collected) {
        const auto of_rank = from.get<std::vector<ShardPart>>();
        all.insert(all.end(), of_rank.begin(), of_rank.end());
      }
      const auto& owner = judgement.owner();
      for (const auto& shard : merge_parts(std::move(all))) {
        store.add_feature_shard(feature_shard_row(owner.id, shard));
        store.put_samples(sample_rows(owner.id, shard, owner.runner->model()));
      }
    });
  }

  ShardPart judge_batch(CellState& owner, const SampleRange& range) {
    std::vector<int64_t> numbers(static_cast<size_t>(range.made));
    std::iota(numbers.begin(), numbers.end(), range.first);
    const auto made = owner.runner->run(numbers);
    const auto samples = made.samples.narrow(0, 0, range.count);
    if (!at::isfinite(samples).all().item<bool>()) {
      throw std::runtime_error("samples are not finite");
    }
    // images stay on the device: the extractor sits there too, and only the few that are kept leave it
    const auto images = to_uint8(made.images.narrow(0, 0, range.count), owner.runner->model().image);
    const auto features = tools_.extractor.extract(images).features;
    if (!at::isfinite(features).all().item<bool>()) {
      throw std::runtime_error("features are not finite");
    }
    if (features.size(1) != tools_.reference.gaussian().mean.size(0)) {
      throw std::runtime_error("the extractor gives " + std::to_string(features.size(1)) +
                               " features, the reference has " +
                               std::to_string(tools_.reference.gaussian().mean.size(0)));
    }
    const int64_t kept = std::clamp<int64_t>(options_.images - range.first, 0, range.count);
    return make_part(range, features, samples, images.narrow(0, 0, kept));
  }

  // on rank 0: small numbers from which FIDs and their differences follow
  void compute(const std::string& key, const Judgement& judgement) {
    if (!judgement.owner().is_alive()) {
      return;
    }
    const auto fault = on_all_ranks(session_.world, [&] {
      if (const auto* store = session_.writer.store()) {
        judged_[key] = judged_samples(*store, judgement.owner().id, tools_.reference);
      }
    });
    if (!fault.empty()) {
      fail(judgement, fault);
    }
  }

  void store_quality() {
    session_.writer.write([&](results::Store& store) {
      const auto put = [&](const CellState& cell, results::QualityRow row) {
        row.cell = cell.id;
        row.extractor_sha = tools_.extractor.hash();
        row.reference_sha = tools_.reference_sha;
        store.put_quality(row);
      };
      for (const auto& [key, samples] : judged_) {
        for (const auto* cell : judgements_.at(key).cells) {
          put(*cell, quality_row("fid", quality::fid_interval(samples.replicates), samples.sample_checksum));
          if (const auto* baseline = judged_baseline(*cell)) {
            const auto difference = quality::fid_difference(samples.replicates, baseline->replicates);
            put(*cell, quality_row("fid_difference", difference, samples.sample_checksum));
          }
        }
      }
    });
  }

  const JudgedSamples* judged_baseline(const CellState& cell) const {
    if (!cell.cell.baseline) {
      return nullptr;
    }
    const auto& baseline = session_.cells[static_cast<size_t>(*cell.cell.baseline)];
    const auto found = judged_.find(baseline.judgement_key());
    return found == judged_.end() || !baseline.is_alive() ? nullptr : &found->second;
  }

  Session& session_;
  const suite::QualityOptions& options_;
  QualityTools& tools_;
  std::map<std::string, Judgement> judgements_;  // by key
  std::map<std::string, JudgedSamples> judged_;  // by key; on rank 0
};

}  // namespace

std::optional<QualityTools> load_quality_tools(const suite::Suite& suite, at::Device device) {
  const auto& options = suite.quality;
  if (options.samples == 0) {
    return std::nullopt;
  }
  quality::FeatureExtractor extractor(options.extractor, device, {suite.places.extractor, suite.folder});
  const auto file = options.reference.empty() ? std::filesystem::path(extractor.file()).parent_path() / "reference.npz"
                                              : config::found_from(suite.folder, options.reference);
  if (!options.reference.empty() && !std::filesystem::is_regular_file(file)) {
    throw config::InputError(config::GivenAt{suite.places.reference}.naming(options.reference) + "no such file");
  }
  return QualityTools{.extractor = std::move(extractor),
                      .reference = quality::FrechetReference(quality::read_statistics(file)),
                      .reference_file = file.string(),
                      .reference_sha = data::sha256_of_file(file)};
}

void judge_cells(Session& session, std::optional<QualityTools>& tools) {
  if (tools) {
    Judge(session, *tools).run();
  }
}

}  // namespace diffbench::measure
