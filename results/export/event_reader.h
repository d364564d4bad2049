#pragma once
// Inside results/export only: the scopes and activities of one rank, one after another in the order of their begin, an
// enclosing one before what it encloses.
//
//   EventReader events(store, run, rank, window);
//   for (Event event; events.next(event);) use(event.name, event.begin_ns);

#include <SQLiteCpp/SQLiteCpp.h>

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>

#include "results/export/export.h"
#include "results/profile_rows.h"
#include "results/store.h"

namespace diffbench::results {

// kNoNumber and NaN: not known. Scopes have a phase, activities a kind.
struct Event {
  bool is_scope = false;
  std::int64_t id = 0;
  std::int64_t name = 0;   // string id
  std::int64_t scope = 0;  // of an activity: the innermost one; of a scope: its parent
  std::int64_t thread = 0;
  std::int64_t begin_ns = 0;
  std::int64_t end_ns = 0;
  // activities
  ActivityKind kind = ActivityKind::kCpuOperator;
  std::int64_t device = 0;
  std::int64_t stream = 0;
  std::int64_t correlation_id = 0;
  std::int64_t size_bytes = 0;
  std::int64_t shapes = 0;  // string id
  double flops = 0;
  double moved_bytes = 0;
  // scopes
  ScopePhase phase = ScopePhase::kSampling;
  std::int64_t cell = 0;
  std::int64_t step = 0;
  std::int64_t evaluation = 0;
  double t = 0;
  std::int64_t block = 0;
  std::int64_t rows = 0;
  std::int64_t rows_inside = 0;

  // kernels, copies, sets and what no thread is known for belong to a stream of a device, the others to a thread
  bool on_device() const;
};

// What the tables profile and rank say about a rank.
struct RankProfile {
  int rank = 0;
  std::int64_t process_id = 0;
  std::string source;
  std::string device_name;
  std::string host;  // empty: not known
  std::int64_t dropped_count = 0;
  std::int64_t realtime_ns = 0;
  std::int64_t monotonic_ns = 0;
  std::optional<std::int64_t> first_ns;  // begin of the first scope or activity
};

RankProfile read_rank_profile(const Store& store, std::int64_t run, int rank);

// SQL over table scope: whether it lies in the window
std::string window_condition(const ExportWindow& window);

// The distinct texts of a file, each read once.
class Strings {
 public:
  explicit Strings(const Store& store);
  const std::string& operator[](std::int64_t id);

 private:
  SQLite::Statement statement_;
  std::unordered_map<std::int64_t, std::string> values_{};
};

class EventReader {
 public:
  EventReader(const Store& store, std::int64_t run, int rank, const ExportWindow& window);
  bool next(Event& event);  // false: there is no more

 private:
  bool read_scope();
  bool read_activity();

  std::string name_;
  SQLite::Statement scopes_;
  SQLite::Statement activities_;
  Event scope_{};
  Event activity_{};
  bool has_scope_ = false;
  bool has_activity_ = false;
};

}  // namespace diffbench::results
