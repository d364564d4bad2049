#include "harness/measure/judge.h"

#include <ATen/ATen.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <set>
#include <utility>

#include "harness/measure/judge_stored.h"
#include "harness/measure/progress.h"
#include "harness/measure/shard.h"
#include "harness/quality/to_bytes.h"
#include "harness/ranks/exchange.h"
#include "harness/ranks/share_work.h"

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
  int64_t samples = 0;  // of all ranks
  int64_t wall_ns = 0;  // until rank 0 had them all
  int64_t sampling_ns = 0;
  int64_t features_ns = 0;
  int64_t storing_ns = 0;
  int64_t metrics_ns = 0;

  std::string words() const {
    const auto seconds = [](int64_t ns) { return static_cast<double>(ns) * 1e-9; };
    const double on_top = seconds(features_ns + storing_ns + metrics_ns) / seconds(std::max<int64_t>(sampling_ns, 1));
    return fmt::format(
        "quality: {} samples in {:.3f} s; rank 0: {:.1f} s of sampling, features {:.1f} s, storing {:.1f} s and "
        "metrics "
        "{:.1f} s add {:.1f} %",
        samples, seconds(wall_ns), seconds(sampling_ns), seconds(features_ns), seconds(storing_ns), seconds(metrics_ns),
        100 * on_top);
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
    store_judgements();
    make_samples();
    session_.leave_if_asked();
    if (session_.part.part_count > 1) return;  // `diffbench merge` has all samples
    const int64_t start_ns = session_.elapsed_ns();
    compute();
    spent_.metrics_ns = session_.elapsed_ns() - start_ns;
    if (spent_.samples > 0) spdlog::info(spent_.words());
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

  // One batch of one judgement: what a rank takes at a time.
  struct Piece {
    Judgement* judgement = nullptr;
    SampleRange range{};
  };

  // of all shards that are not stored yet, in the order in which they are made; the same on every rank
  std::vector<Piece> missing_pieces() {
    const auto done = session_.writer.read([&](const results::Store& store) {
      std::map<int64_t, std::set<int>> by_owner;
      for (const auto& [key, judgement] : judgements_) {
        by_owner[judgement.owner().id] = store.completed_shards(judgement.owner().id);
      }
      return nlohmann::json(by_owner);
    });
    const auto by_owner = done.get<std::map<int64_t, std::set<int>>>();
    std::vector<Piece> pieces;
    for (auto& [key, judgement] : judgements_) {
      for (int shard = 0; shard < judgement.plan.shard_count(); ++shard) {
        if (shard % session_.part.part_count != session_.part.part - 1) continue;
        if (by_owner.at(judgement.owner().id).contains(shard)) continue;
        ++shards_missing_;
        for (const auto& range : judgement.plan.batches(shard)) pieces.push_back({&judgement, range});
      }
    }
    return pieces;
  }

  void make_samples() {
    auto pieces = missing_pieces();
    Progress progress(session_.world.rank() == 0, "sampling for quality", shards_missing_);
    std::map<int64_t, std::string> faults;  // by owner; on rank 0
    ShardBuilder builder;                   // on rank 0
    std::set<const Judgement*> gone_wrong;  // here: no use in trying the next batch
    const int64_t start_ns = session_.elapsed_ns();
    ranks::share_work(
        session_.world, static_cast<int64_t>(pieces.size()),
        [&](int64_t number) -> nlohmann::json {
          session_.throw_if_asked();
          const auto& [judgement, range] = pieces[static_cast<size_t>(number)];
          nlohmann::json result{{"owner", judgement->owner().id}, {"rank", session_.world.rank()}};
          if (gone_wrong.contains(judgement)) return result;
          try {
            judge_batch(judgement->owner(), range, result);
          } catch (const std::exception& error) {
            gone_wrong.insert(judgement);
            result["fault"] = *error.what() == '\0' ? "an error without a text" : error.what();
          }
          return result;
        },
        [&](const nlohmann::json& result) {
          if (result.contains("fault")) faults.try_emplace(result.at("owner"), result.at("fault"));
          if (!result.contains("part") || faults.contains(result.at("owner"))) return;
          const auto& judgement = by_owner(result.at("owner"));
          count_work(result);
          if (auto shard = builder.add(judgement.owner().id, judgement.plan, result.at("part").get<ShardPart>())) {
            store_shard(judgement.owner(), *shard);
            progress.advance(1);
          }
        },
        {.name =
             [&](int64_t number) {
               const auto& [judgement, range] = pieces[static_cast<size_t>(number)];
               return fmt::format("sampling {} to {} of {}", range.first, range.first + range.made - 1,
                                  judgement->owner().cell.key);
             },
         .kind = [&](int64_t number) { return pieces[static_cast<size_t>(number)].judgement->owner().id; }});
    spent_.wall_ns = session_.elapsed_ns() - start_ns;
    store_last_commits();
    fail_owners(faults);
  }

  const Judgement& by_owner(int64_t owner) const {
    const auto found = std::find_if(judgements_.begin(), judgements_.end(),
                                    [&](const auto& entry) { return entry.second.owner().id == owner; });
    return found->second;
  }

  // what rank 0 has heard of, on all ranks
  void fail_owners(const std::map<int64_t, std::string>& faults) {
    const auto shared = ranks::share(session_.world, nlohmann::json(faults)).get<std::map<int64_t, std::string>>();
    for (const auto& [owner, fault] : shared) fail(by_owner(owner), fault);
  }

  // on rank 0; goes into the file with its shard: what a resumed run makes again is not counted twice
  void count_work(const nlohmann::json& result) {
    const auto& range = result.at("part").at("range");
    auto& row = work_[{result.at("owner"), range.at(0)}][result.at("rank")];
    const int64_t count = range.at(2);
    ++row.batch_count;
    row.sample_count += count;
    row.sampling_ns += result.at("sampling_ns").get<int64_t>();
    row.features_ns += result.at("features_ns").get<int64_t>();
    spent_.samples += count;
  }

  void store_work(results::Store& store, int64_t owner, int shard) {
    auto by_rank = work_.extract({owner, shard}).mapped();
    by_rank[0].storing_ns +=
        std::exchange(storing_ns_[owner], 0);  // of earlier shards: what a commit takes is known after it
    std::vector<results::SamplingWorkRow> rows;
    for (auto& [rank, row] : by_rank) {
      row.cell = owner;
      row.rank = rank;
      rows.push_back(row);
    }
    store.add_to_sampling_work(rows);
  }

  void store_last_commits() {
    session_.writer.write([&](results::Store& store) {
      std::vector<results::SamplingWorkRow> rows;
      for (const auto& [owner, took_ns] : storing_ns_) rows.push_back({.cell = owner, .storing_ns = took_ns});
      store.add_to_sampling_work(rows);
    });
  }

  // on rank 0, while the others sample: no collective
  void store_shard(const CellState& owner, const ShardPart& shard) {
    const int64_t start_ns = session_.elapsed_ns();
    session_.writer.write_here([&](results::Store& store) {
      for (const auto& network : tools_.networks) {
        store.add_feature_shard(feature_shard_row(owner.id, network.row.place, shard));
      }
      if (keeps_images()) store.add_image_shard(image_shard_row(owner.id, shard));
      store.put_samples(sample_rows(owner.id, shard, owner.runner->model()));
      store_work(store, owner.id, shard.range.shard);
    });
    const int64_t took_ns = session_.elapsed_ns() - start_ns;
    spent_.storing_ns += took_ns;
    storing_ns_[owner.id] += took_ns;
  }

  void judge_batch(CellState& owner, const SampleRange& range, nlohmann::json& result) {
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
    result["sampling_ns"] = sampled_ns - start_ns;
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
    result["part"] = make_part(range, extracted, samples, keeps_images() ? images : images.narrow(0, 0, shown), shown);
    const int64_t features_ns = session_.elapsed_ns() - sampled_ns;
    spent_.features_ns += features_ns;
    result["features_ns"] = features_ns;
  }

  // on rank 0
  void compute() {
    std::map<int64_t, std::string> faults;
    session_.writer.with_store([&](results::Store& store) {
      faults = judge_stored(store, session_.run_id,
                            {.metrics = tools_.metrics,
                             .references = tools_.references,
                             .lpips = tools_.lpips ? tools_.lpips->network : quality::PairNetwork()});
    });
    fail_owners(faults);
  }

  Session& session_;
  const suite::QualityOptions& options_;
  QualityTools& tools_;
  std::map<std::string, Judgement> judgements_;  // by key
  int64_t shards_missing_ = 0;
  // on rank 0, of shards that are not whole yet: by owner and shard, by rank
  std::map<std::pair<int64_t, int>, std::map<int, results::SamplingWorkRow>> work_;
  std::map<int64_t, int64_t> storing_ns_;  // by owner, not in the file yet
  Spent spent_;
};

}  // namespace

void judge_cells(Session& session, std::optional<QualityTools>& tools) {
  if (tools) {
    Judge(session, *tools).run();
  }
}

void keep_as_asked(Session& session) {
  if (session.part.part_count > 1) return;
  session.writer.with_store(
      [&](results::Store& store) { keep_of_judged(store, session.run_id, session.suite.quality.keep); });
}

}  // namespace diffbench::measure
