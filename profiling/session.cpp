#include "profiling/session.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "profiling/clock.h"
#include "profiling/nvtx.h"

namespace diffbench::profiling {
namespace {

constexpr auto kNoDescription = [] { return false; };

struct Current {
  std::mutex mutex;
  std::shared_ptr<Session> session;              // guarded
  std::atomic<std::uint32_t> session_number{0};  // the same one's; 0: none
};

Current& current() {
  static auto* const kInstance = new Current;  // threads may look while the process ends
  return *kInstance;
}

// keeps the session alive until the thread looks again or ends
struct ThreadView {
  std::shared_ptr<Session> session;
  ThreadBuffer* buffer = nullptr;
  std::uint32_t session_number = 0;
};

}  // namespace

TensorShape& OperatorFrame::add_input() {
  if (input_count == inputs.size()) {
    inputs.emplace_back();
  }
  TensorShape& shape = inputs[input_count++];
  shape.sizes.clear();
  return shape;
}

ThreadBuffer::ThreadBuffer(Session& session, std::int64_t ordinal)
    : session_(session), ordinal_(ordinal), thread_(system_thread_id()) {}

void ThreadBuffer::open_scope(Phase phase, const char* name, const ScopeFields& fields) {
  const NameCache::Entry& entry = names_.find(name, session_.strings(), kNoDescription);
  ScopeRecord scope;
  scope.id = session_.next_scope_id();
  scope.name = entry.id;
  scope.phase = phase;
  scope.thread = thread_;
  scope.cell = current_cell.load(std::memory_order_relaxed);
  scope.step = fields.step;
  scope.evaluation = fields.evaluation;
  scope.t = fields.t;
  scope.block = fields.block;
  scope.rows = fields.rows;
  scope.rows_inside = fields.rows_inside;
  {
    const std::lock_guard lock(lock_);
    if (!open_scopes_.empty()) {
      const ScopeRecord& outer = open_scopes_.back();
      scope.parent = outer.id;
      scope.step = scope.step == kNone ? outer.step : scope.step;
      scope.evaluation = scope.evaluation == kNone ? outer.evaluation : scope.evaluation;
      scope.t = std::isnan(scope.t) ? outer.t : scope.t;
    }
    scope.begin_ns = realtime_ns();
    open_scopes_.push_back(scope);
  }
  innermost_scope_ = scope.id;
  if (const RangeSink* ranges = session_.recording().ranges) {
    char text[kRangeTextBytes];
    write_range_text(text, scope, *entry.text);
    ranges->push(text);
  }
  if (KernelSource* kernels = session_.recording().kernels) {
    kernels->push_scope(scope.id);
  }
}

void ThreadBuffer::close_scope() {
  const std::lock_guard lock(lock_);
  if (is_closed_ || open_scopes_.empty()) {
    return;
  }
  ScopeRecord& scope = open_scopes_.back();
  scope.end_ns = std::max(realtime_ns(), scope.begin_ns);
  innermost_scope_ = scope.parent;
  if (session_.records()) {
    scopes_.append(scope);
  }
  open_scopes_.pop_back();
}

OperatorFrame* ThreadBuffer::open_operator(const char* name, const void* key, OwnsWork owns_work) {
  if (operator_depth_ > 0 && operators_[operator_depth_ - 1].owns_work) {
    return nullptr;
  }
  const NameCache::Entry& entry = names_.find(name, session_.strings(), [&] { return owns_work(key); });
  if (operator_depth_ == operators_.size()) {
    operators_.emplace_back();
  }
  OperatorFrame& frame = operators_[operator_depth_++];
  frame.key = key;
  frame.name = entry.id;
  frame.owns_work = entry.flag;
  frame.has_child = false;
  frame.input_count = 0;
  frame.begin_ns = realtime_ns();
  return &frame;
}

OperatorFrame* ThreadBuffer::innermost_operator(const void* key) {
  if (operator_depth_ == 0 || operators_[operator_depth_ - 1].key != key) {
    return nullptr;
  }
  return &operators_[operator_depth_ - 1];
}

std::int64_t ThreadBuffer::intern(std::string_view text) { return session_.strings().intern(text); }

void ThreadBuffer::close_operator(std::int64_t end_ns, const OperationCost& cost, std::int64_t shapes) {
  const OperatorFrame& frame = operators_[--operator_depth_];
  if (operator_depth_ > 0) {
    operators_[operator_depth_ - 1].has_child = true;
  }
  if (frame.has_child) {
    return;
  }
  Activity activity;
  activity.name = frame.name;
  activity.scope = innermost_scope_;
  activity.attribution = innermost_scope_ == kNone ? Attribution::kUnattributed : Attribution::kExternal;
  activity.stream = ordinal_;
  activity.thread = thread_;
  activity.begin_ns = frame.begin_ns;
  activity.end_ns = std::max(end_ns, frame.begin_ns);
  activity.shapes = shapes;
  activity.flops = cost.flops;
  activity.moved_bytes = cost.moved_bytes;
  const std::lock_guard lock(lock_);
  if (is_closed_) {
    return;
  }
  if (activities_.size() < session_.activity_limit()) {
    activities_.append(activity);
  } else {
    ++dropped_count_;
  }
}

void ThreadBuffer::collect(std::int64_t now_ns, Profile& profile) {
  const std::lock_guard lock(lock_);
  is_closed_ = true;
  for (; !open_scopes_.empty(); open_scopes_.pop_back()) {
    ScopeRecord& scope = open_scopes_.back();
    scope.end_ns = std::max(now_ns, scope.begin_ns);
    if (session_.records()) {
      scopes_.append(scope);
    }
  }
  scopes_.move_to(profile.scopes);
  activities_.move_to(profile.activities);
  profile.dropped_count += dropped_count_;
}

ThreadBuffer& Session::add_thread() {
  const std::lock_guard lock(mutex_);
  return threads_.emplace_back(*this, static_cast<std::int64_t>(threads_.size()));
}

void Session::collect(std::int64_t now_ns, Profile& profile) {
  const std::lock_guard lock(mutex_);
  for (ThreadBuffer& thread : threads_) {
    thread.collect(now_ns, profile);
  }
  std::stable_sort(profile.scopes.begin(), profile.scopes.end(),
                   [](const ScopeRecord& a, const ScopeRecord& b) { return a.end_ns < b.end_ns; });
  profile.strings = strings_.texts();
}

ThreadBuffer* current_buffer() {
  thread_local ThreadView view;
  const std::uint32_t number = current().session_number.load(std::memory_order_acquire);
  if (view.session_number != number) [[unlikely]] {
    view.session = current_session();
    view.buffer = view.session ? &view.session->add_thread() : nullptr;
    view.session_number = view.session ? view.session->recording().number : 0;
  }
  return view.buffer;
}

void set_current_session(std::shared_ptr<Session> session) {
  const std::lock_guard lock(current().mutex);
  current().session_number.store(session ? session->recording().number : 0, std::memory_order_release);
  current().session = std::move(session);
}

std::shared_ptr<Session> current_session() {
  const std::lock_guard lock(current().mutex);
  return current().session;
}

}  // namespace diffbench::profiling
