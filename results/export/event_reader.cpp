#include "results/export/event_reader.h"

#include <algorithm>
#include <utility>

#include "results/sql.h"

namespace diffbench::results {
namespace {

// ids of a rank's activities are in the order of begin_ns; end_ns only has to break ties of what encloses what
std::string scopes_sql(const ExportWindow& window) {
  return "SELECT id, name, parent, thread, begin_ns, end_ns, phase, cell, step, evaluation, t, block, rows, "
         "rows_inside "
         "FROM scope WHERE run = ? AND rank = ? AND " +
         window_condition(window) + " ORDER BY begin_ns, end_ns DESC, id";
}
std::string activities_sql(const ExportWindow& window) {
  return "SELECT id, name, scope, thread, begin_ns, end_ns, kind, device, stream, correlation_id, size_bytes, shapes, "
         "flops, moved_bytes FROM activity WHERE run = ? AND rank = ?" +
         (window.is_all() ? ""
                          : " AND EXISTS (SELECT 1 FROM scope WHERE scope.id = activity.scope AND " +
                                window_condition(window) + ")") +
         " ORDER BY id";
}

std::int64_t number(const SQLite::Column& column) { return column.isNull() ? kNoNumber : column.getInt64(); }
double real(const SQLite::Column& column) { return column.isNull() ? kNoReal : column.getDouble(); }

template <class Word>
Word word(const SQLite::Column& column, Word last) {
  const char* text = column.getText();
  for (int value = 0;; ++value) {
    const auto candidate = static_cast<Word>(value);
    if (candidate == last || to_string(candidate) == text) return candidate;
  }
}

void read_common(SQLite::Statement& row, Event& event) {
  event.id = row.getColumn(0).getInt64();
  event.name = row.getColumn(1).getInt64();
  event.scope = number(row.getColumn(2));
  event.thread = number(row.getColumn(3));
  event.begin_ns = row.getColumn(4).getInt64();
  event.end_ns = row.getColumn(5).getInt64();
}

}  // namespace

bool Event::on_device() const {
  if (is_scope) return false;
  return thread == kNoNumber || kind == ActivityKind::kKernel || kind == ActivityKind::kCopy ||
         kind == ActivityKind::kSet;
}

RankProfile read_rank_profile(const Store& store, std::int64_t run, int rank) {
  SQLite::Statement row(
      store.database(),
      "SELECT process_id, source, device_name, dropped_count, realtime_ns, monotonic_ns, "
      "(SELECT machine.host FROM rank JOIN machine ON machine.id = rank.machine "
      " WHERE rank.run = profile.run AND rank.rank = profile.rank), "
      "(SELECT min(begin_ns) FROM scope WHERE scope.run = profile.run AND scope.rank = profile.rank), "
      "(SELECT begin_ns FROM activity WHERE activity.run = profile.run AND activity.rank = "
      " profile.rank ORDER BY id LIMIT 1) FROM profile WHERE run = ? AND rank = ?");
  bind_all(row, run, rank);
  if (!row.executeStep()) throw DatabaseError(store.name() + ": no profile of rank " + std::to_string(rank));
  RankProfile result{.rank = rank,
                     .process_id = row.getColumn(0).getInt64(),
                     .source = row.getColumn(1).getString(),
                     .device_name = row.getColumn(2).getString(),
                     .host = row.getColumn(6).getString(),
                     .dropped_count = row.getColumn(3).getInt64(),
                     .realtime_ns = row.getColumn(4).getInt64(),
                     .monotonic_ns = row.getColumn(5).getInt64(),
                     .first_ns = std::nullopt};
  for (const int column : {7, 8}) {
    if (row.getColumn(column).isNull()) continue;
    const std::int64_t begin_ns = row.getColumn(column).getInt64();
    result.first_ns = std::min(result.first_ns.value_or(begin_ns), begin_ns);
  }
  return result;
}

std::string window_condition(const ExportWindow& window) {
  std::string condition = "1";
  if (!window.cells.empty()) {
    std::string ids;
    for (const std::int64_t cell : window.cells) ids += (ids.empty() ? "" : ", ") + std::to_string(cell);
    condition += " AND scope.cell IN (" + ids + ")";
  }
  if (window.steps) {
    condition +=
        " AND scope.step BETWEEN " + std::to_string(window.steps->first) + " AND " + std::to_string(window.steps->last);
  }
  return condition;
}

Strings::Strings(const Store& store) : statement_(store.database(), "SELECT value FROM string WHERE id = ?") {}

const std::string& Strings::operator[](std::int64_t id) {
  const auto [place, is_new] = values_.try_emplace(id);
  if (is_new) {
    bind_all(statement_, id);
    if (statement_.executeStep()) place->second = statement_.getColumn(0).getString();
  }
  return place->second;
}

EventReader::EventReader(const Store& store, std::int64_t run, int rank, const ExportWindow& window)
    : name_(store.name()),
      scopes_(store.database(), scopes_sql(window)),
      activities_(store.database(), activities_sql(window)) {
  bind_all(scopes_, run, rank);
  bind_all(activities_, run, rank);
  scope_.is_scope = true;
  has_scope_ = read_scope();
  has_activity_ = read_activity();
}

bool EventReader::next(Event& event) {
  if (!has_scope_ && !has_activity_) return false;
  const bool scope_first = has_scope_ && (!has_activity_ || scope_.begin_ns <= activity_.begin_ns);
  if (scope_first) {
    event = scope_;
    has_scope_ = read_scope();
  } else {
    event = activity_;
    has_activity_ = read_activity();
    if (has_activity_ && activity_.begin_ns < event.begin_ns) {
      throw DatabaseError(name_ + ": activity " + std::to_string(activity_.id) +
                          " began before the one with the id below");
    }
  }
  return true;
}

bool EventReader::read_scope() {
  if (!scopes_.executeStep()) return false;
  read_common(scopes_, scope_);
  scope_.phase = word(scopes_.getColumn(6), ScopePhase::kDecode);
  scope_.cell = number(scopes_.getColumn(7));
  scope_.step = number(scopes_.getColumn(8));
  scope_.evaluation = number(scopes_.getColumn(9));
  scope_.t = real(scopes_.getColumn(10));
  scope_.block = number(scopes_.getColumn(11));
  scope_.rows = number(scopes_.getColumn(12));
  scope_.rows_inside = number(scopes_.getColumn(13));
  return true;
}

bool EventReader::read_activity() {
  if (!activities_.executeStep()) return false;
  read_common(activities_, activity_);
  activity_.kind = word(activities_.getColumn(6), ActivityKind::kOverhead);
  activity_.device = activities_.getColumn(7).getInt64();
  activity_.stream = activities_.getColumn(8).getInt64();
  activity_.correlation_id = number(activities_.getColumn(9));
  activity_.size_bytes = number(activities_.getColumn(10));
  activity_.shapes = number(activities_.getColumn(11));
  activity_.flops = real(activities_.getColumn(12));
  activity_.moved_bytes = real(activities_.getColumn(13));
  return true;
}

}  // namespace diffbench::results
