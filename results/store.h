#pragma once
// The results file: one SQLite database, opened, checked and written here and nowhere else.
//
//   Store store = Store::open_or_create("results.db");
//   const std::int64_t run = store.begin_run({.suite_name = "demo", .suite_text = text, .suite_sha = sha});
//   const std::vector<std::int64_t> ids = store.add_cells(run, cells);
//   {
//     Transaction round(store);      // leaving without commit(), by exception too, takes everything back
//     store.add_timings(timings);
//     store.put_trace(ids[0], trace);
//     round.commit();
//   }
//   store.set_cell_status(ids[0], CellStatus::kOk);
//   store.finish_run(run, true);
//
// Rank 0 writes; an object serves one thread. Every method is atomic alone; a Transaction makes several of them one.
// A crash loses at most the transaction in flight: the next open_* rolls it back. `add_*` refuses a row that is there
// already, `put_*` replaces it. Every error is a DatabaseError, one line that starts with the file.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "results/database_error.h"
#include "results/profile_rows.h"
#include "results/rows.h"

namespace SQLite {
class Database;
}

namespace diffbench::results {

enum class ShardNumbers { kFeatures, kLogits, kSpatial };

class Store {
 public:
  // Creates the file with schema, views and metrics where it does not exist (whole or not at all), else opens it for
  // writing. ":memory:" is a database that ends with the object.
  static Store open_or_create(const std::filesystem::path& path);
  // For reports, comparisons and exports: the file must exist and stays as it is.
  static Store open_read_only(const std::filesystem::path& path);

  Store(Store&&) noexcept;
  Store& operator=(Store&&) noexcept;
  Store(const Store&) = delete;  // owns a connection
  Store& operator=(const Store&) = delete;
  ~Store();

  // --- a run
  std::int64_t begin_run(const RunRow& row);
  // The latest run of this suite (or of this part of it) that has not been finished: what --resume goes on with.
  std::optional<std::int64_t> find_unfinished_run(std::string_view suite_sha, const PartRow& part = {}) const;
  std::optional<std::int64_t> latest_run() const;
  std::optional<std::int64_t> find_run(std::string_view uid) const;
  RunRow run(std::int64_t run_id) const;
  void put_part(std::int64_t run_id, const PartRow& row);
  void put_machine(std::int64_t run_id, const MachineRow& row);
  void put_rank(std::int64_t run_id, const RankRow& row);  // after the machine of its host
  void put_methods(std::int64_t run_id, std::span<const MethodRow> rows);
  void finish_run(std::int64_t run_id, bool ok);
  // Two runs that took turns, and whether these two did.
  void put_pairing(std::int64_t old_run, std::int64_t new_run);
  bool are_paired(std::int64_t old_run, std::int64_t new_run) const;

  // --- cells
  // Ids in the order of the rows. Baselines may stand anywhere in the list; an unknown baseline_key is an error.
  std::vector<std::int64_t> add_cells(std::int64_t run_id, std::span<const CellRow> rows);
  std::vector<StoredCell> cells(std::int64_t run_id) const;
  // Skipped and failed need a reason.
  void set_cell_status(std::int64_t cell, CellStatus status, std::string_view reason = "");
  void set_cell_stop(std::int64_t cell, std::string_view stop_reason);
  void add_artifacts(std::int64_t cell, std::span<const ArtifactRow> rows);
  std::vector<ArtifactRow> artifacts(std::int64_t cell) const;  // by role and path
  void add_planned_depths(std::int64_t cell, std::span<const PlannedDepthRow> rows);

  // --- what was measured
  void put_preparations(std::int64_t cell, std::span<const PreparationRow> rows);  // of all ranks
  std::optional<std::string> decisions(std::int64_t cell) const;                   // rank 0's, JSON
  void add_warmup(std::int64_t cell, const WarmupRow& row);                        // as the next attempt of its pass
  void add_timings(std::span<const TimingRow> rows);
  void put_trace(std::int64_t cell, const TraceRow& trace);
  std::optional<TraceRow> trace(std::int64_t cell) const;
  void put_memory_peaks(std::int64_t cell, std::span<const MemoryPeakRow> rows);
  void put_estimates(std::int64_t run_id, std::span<const EstimateRow> rows);  // in place of the run's earlier ones

  // --- quality (its rows and the metrics' names: rows.h)
  void put_metrics(std::span<const MetricRow> rows);  // by name, in place of what the file says of it
  std::vector<MetricRow> quality_metrics() const;     // those with a comparison, by name
  void put_extractors(std::int64_t run_id, std::span<const ExtractorRow> rows);
  std::vector<ExtractorRow> extractors(std::int64_t run_id) const;  // by place
  // The cell whose samples are this one's too (itself for the first), and their classes (0: none): sample i is of
  // class i % class_count.
  void set_judgement(std::int64_t cell, const JudgementRow& row);
  std::vector<JudgementRow> judgements(std::int64_t run_id) const;  // of judged cells, by cell
  void put_quality(const QualityRow& row);
  void put_quality_curve(std::span<const QualityCurveRow> rows);  // of one cell, metric and extractor
  void add_feature_shard(const FeatureShardRow& row);
  void add_image_shard(const ImageShardRow& row);
  void put_feature_statistics(const FeatureStatisticsRow& row);
  void add_to_sampling_work(std::span<const SamplingWorkRow> rows);     // to what the cell and rank have already
  std::vector<SamplingWorkRow> sampling_work(std::int64_t cell) const;  // by rank
  void put_samples(std::span<const SampleRow> rows);
  void drop_feature_shards(std::int64_t cell);
  void drop_image_shards(std::int64_t cell);
  // What is stored of a judgement, without the numbers themselves: all of a large run would be gigabytes.
  std::vector<FeatureShardRow> feature_shards(std::int64_t cell, int extractor) const;  // by shard
  std::vector<float> shard_numbers(std::int64_t cell, int extractor, int shard, ShardNumbers which) const;
  std::vector<ImageShardRow> image_shards(std::int64_t cell) const;
  std::vector<std::uint8_t> shard_pixels(std::int64_t cell, int shard) const;
  std::optional<FeatureStatisticsRow> feature_statistics(std::int64_t cell, int extractor) const;

  // --- what a profiling pass recorded
  // The profile of one rank, in place of the one that was there. Strings are shared by all profiles of the file.
  void put_profile(std::int64_t run_id, const ProfileRow& profile);
  // More scopes and activities for a rank that has a profile (ids count anew), and its dropped records: so a long pass
  // need not be kept in memory. Of the other members only the rank is looked at.
  void add_to_profile(std::int64_t run_id, const ProfileRow& profile);
  std::vector<int> profiled_ranks(std::int64_t run_id) const;  // ascending
  std::optional<std::int64_t> latest_profiled_run() const;
  void put_ceilings(std::int64_t run_id, std::span<const CeilingRow> rows);
  void put_profile_overheads(std::int64_t cell, std::span<const ProfileOverheadRow> rows);  // all rounds of the cell
  void put_telemetry(std::int64_t run_id, std::span<const TelemetryRow> rows);  // of all hosts, after their machines

  // --- what a resumed run need not do again
  // Rounds with any timing, discarded ones too: a round is one transaction, so it is there whole or not at all. The
  // warm-up belongs into the transaction of the round that it precedes.
  std::set<int> completed_rounds(std::int64_t cell) const;
  std::set<int> completed_shards(std::int64_t cell) const;
  std::vector<TimingRow> timings(std::int64_t cell) const;  // by round, repetition, rank

  // For queries over views.sql; its errors are SQLite::Exception.
  SQLite::Database& database() const { return *database_; }
  const std::string& name() const { return name_; }

 private:
  friend class Transaction;
  Store(std::unique_ptr<SQLite::Database> database, std::string name);

  std::unique_ptr<SQLite::Database> database_;
  std::string name_;  // the file, for messages
};

class Transaction {
 public:
  explicit Transaction(Store& store);  // inside another one: a DatabaseError
  ~Transaction();
  Transaction(const Transaction&) = delete;  // one owner decides
  Transaction& operator=(const Transaction&) = delete;
  void commit();

 private:
  Store& store_;
  bool open_ = true;
};

// "pending", "ok", "skipped", "failed"; "method", "baseline", "null"; "timing", "profile", "overhead": the file's
// words.
std::string_view to_string(CellStatus status);
std::string_view to_string(CellRole role);
std::string_view to_string(Pass pass);

}  // namespace diffbench::results
