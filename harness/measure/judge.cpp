#include "harness/measure/judge.h"

#include <ATen/ATen.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <set>

#include "harness/measure/judge_stored.h"
#include "harness/measure/on_all_ranks.h"
#include "harness/measure/progress.h"
#include "harness/measure/shard.h"
#include "harness/quality/to_bytes.h"
#include "harness/ranks/exchange.h"
#include "harness/ranks/work_split.h"

namespace diffbench::measure {
namespace {

// cells that make the same samples; shards are stored under the first
struct Judgement {
  std::vector<CellState*> cells;
  ShardPlan plan;
  CellState& owner() const { return *cells.front(); }
};

// where the time went, as rank 0 has seen it
struct Spent {
  int64_t sampling_ns = 0;
  int64_t features_ns = 0;
  int64_t storing_ns = 0;
  int64_t metrics_ns = 0;

  std::string words() const {
    const auto seconds = [](int64_t ns) { return static_cast<double>(ns) * 1e-9; };
    const double on_top = seconds(features_ns + storing_ns + metrics_ns) / seconds(std::max<int64_t>(sampling_ns, 1));
    return fmt::format(
        "quality: {:.1f} s of sampling; features {:.1f} s, storing {:.1f} s and metrics {:.1f} s add {:.1f} %",
        seconds(sampling_ns), seconds(features_ns), seconds(storing_ns), seconds(metrics_ns), 100 * on_top);
  }
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
    store_judgements();
    for (const auto& [key, judgement] : judgements_) {
      make_samples(judgement, progress);
    }
    const int64_t start_ns = session_.elapsed_ns();
    compute();
    spent_.metrics_ns = session_.elapsed_ns() - start_ns;
    if (session_.world.rank() == 0 && spent_.sampling_ns > 0) spdlog::info(spent_.words());
  }

 private:
  void fail(const Judgement& judgement, const std::string& reason) {
    for (auto* cell : judgement.cells) {
      if (cell->is_alive()) {
        session_.fail_cell(*cell, "quality: " + reason);
      }
    }
  }

  void store_judgements() {
    session_.writer.write([&](results::Store& store) {
      store.put_extractors(session_.run_id, tools_.rows(options_.to_uint8));
      for (const auto& [key, judgement] : judgements_) {
        for (const auto* cell : judgement.cells) {
          store.set_judgement(cell->id, {.owner = judgement.owner().id,
                                         .class_count = judgement.owner().runner->model().network.classes});
        }
      }
    });
  }

  bool keeps_images() const { return tools_.needs_images() || options_.keep == "images"; }

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
    const int64_t start_ns = session_.elapsed_ns();
    const auto collected = ranks::collect(session_.world, parts);
    session_.writer.write([&](results::Store& store) {
      std::vector<ShardPart> all;
      for (const auto& from : collected) {
        const auto of_rank = from.get<std::vector<ShardPart>>();
        all.insert(all.end(), of_rank.begin(), of_rank.end());
      }
      const auto& owner = judgement.owner();
      for (const auto& shard : merge_parts(std::move(all))) {
        for (const auto& network : tools_.networks) {
          store.add_feature_shard(feature_shard_row(owner.id, network.row.place, shard));
        }
        if (keeps_images()) store.add_image_shard(image_shard_row(owner.id, shard));
        store.put_samples(sample_rows(owner.id, shard, owner.runner->model()));
      }
    });
    spent_.storing_ns += session_.elapsed_ns() - start_ns;
  }

  ShardPart judge_batch(CellState& owner, const SampleRange& range) {
    std::vector<int64_t> numbers(static_cast<size_t>(range.made));
    std::iota(numbers.begin(), numbers.end(), range.first);
    const int64_t start_ns = session_.elapsed_ns();
    const auto made = owner.runner->run(numbers);
    const auto samples = made.samples.narrow(0, 0, range.count);
    if (!at::isfinite(samples).all().item<bool>()) {
      throw std::runtime_error("samples are not finite");
    }
    const int64_t sampled_ns = session_.elapsed_ns();  // the check has waited for the device
    spent_.sampling_ns += sampled_ns - start_ns;
    // images stay on the device: the extractors sit there too, and only those that are kept leave it
    const auto images =
        quality::to_bytes(made.images.narrow(0, 0, range.count), owner.runner->model().image, options_.to_uint8);
    std::vector<quality::Extracted> extracted;
    for (auto& network : tools_.networks) {
      extracted.push_back(network.extractor.extract(images));
      if (!at::isfinite(extracted.back().features).all().item<bool>()) {
        throw std::runtime_error("features are not finite");
      }
    }
    const int64_t shown = std::clamp<int64_t>(options_.images - range.first, 0, range.count);
    auto part = make_part(range, extracted, samples, keeps_images() ? images : images.narrow(0, 0, shown), shown);
    spent_.features_ns += session_.elapsed_ns() - sampled_ns;
    return part;
  }

  // on rank 0
  void compute() {
    std::map<int64_t, std::string> faults;
    const auto fault = on_all_ranks(session_.world, [&] {
      if (auto* store = session_.writer.store()) {
        faults = judge_stored(*store, session_.run_id,
                              {.metrics = tools_.metrics,
                               .references = tools_.references,
                               .lpips = tools_.lpips ? tools_.lpips->network : quality::PairNetwork()});
      }
    });
    if (!fault.empty()) throw std::runtime_error("quality: " + fault);
    const auto shared = ranks::share(session_.world, nlohmann::json(faults)).get<std::map<int64_t, std::string>>();
    for (const auto& [key, judgement] : judgements_) {
      const auto found = shared.find(judgement.owner().id);
      if (found != shared.end()) fail(judgement, found->second);
    }
  }

  Session& session_;
  const suite::QualityOptions& options_;
  QualityTools& tools_;
  std::map<std::string, Judgement> judgements_;  // by key
  Spent spent_;
};

}  // namespace

void judge_cells(Session& session, std::optional<QualityTools>& tools) {
  if (tools) {
    Judge(session, *tools).run();
  }
}

void keep_as_asked(Session& session) {
  const auto& keep = session.suite.quality.keep;
  session.world.together([&] {
    auto* store = session.writer.store();
    if (!store) return;
    if (keep == "statistics") keep_statistics_only(*store, session.run_id);
    if (keep == "images") return;
    for (const auto& judged : store->judgements(session.run_id)) store->drop_image_shards(judged.cell);
  });
}

}  // namespace diffbench::measure
