#pragma once
// One recording: a buffer per thread, the names, and what the threads share. Inside profiling/ only; others use
// recorder.h and scope.h.
//
//   const auto session = std::make_shared<Session>(recording, records, activity_limit);
//   ThreadBuffer& buffer = session->add_thread();          // by the thread itself, once
//   buffer.open_scope(...); buffer.close_scope();           // by that thread
//   session->collect(profile);                              // by the thread that stops
//
// What only its own thread touches needs no lock. The logs and the open scopes are also read by the thread that stops,
// so they are guarded by a lock that nobody else ever waits for.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "profiling/log.h"
#include "profiling/operator_cost.h"
#include "profiling/records.h"
#include "profiling/scope.h"
#include "profiling/sources.h"
#include "profiling/strings.h"

namespace diffbench::profiling {

class Session;

class SpinLock {
 public:
  void lock() {
    while (flag_.test_and_set(std::memory_order_acquire)) {
    }
  }
  void unlock() { flag_.clear(std::memory_order_release); }

 private:
  std::atomic_flag flag_;
};

// An operator in progress.
struct OperatorFrame {
  const void* key = nullptr;
  std::uint32_t name = 0;
  bool owns_work = false;  // what happens inside is part of it
  bool has_child = false;
  std::int64_t begin_ns = 0;
  std::vector<TensorShape> inputs;  // filled in the mode with shapes; keeps its memory for the next operator
  std::size_t input_count = 0;

  TensorShape& add_input();
};

class ThreadBuffer {
 public:
  ThreadBuffer(Session& session, std::int64_t ordinal);

  const Session& session() const { return session_; }

  void open_scope(Phase phase, const char* name, const ScopeFields& fields);
  void close_scope();

  // Whether an operator of this name computes itself, asked once per name: owns_work(key).
  using OwnsWork = bool (*)(const void* key);
  // nullptr: it is part of an operator that is under way
  OperatorFrame* open_operator(const char* name, const void* key, OwnsWork owns_work);
  // nullptr: it is part of another one, or began before the recording
  OperatorFrame* innermost_operator(const void* key);
  std::int64_t intern(std::string_view text);
  // The innermost operator ends; it becomes an activity unless operators inside it are.
  void close_operator(std::int64_t end_ns, const OperationCost& cost, std::int64_t shapes);

  // by the thread that stops: nothing is taken in after it
  void collect(std::int64_t now_ns, Profile& profile);

 private:
  Session& session_;
  std::int64_t ordinal_;
  std::int64_t thread_;
  NameCache names_;
  std::vector<OperatorFrame> operators_;
  std::size_t operator_depth_ = 0;
  std::int64_t innermost_scope_ = kNone;

  SpinLock lock_;  // guards what follows
  bool is_closed_ = false;
  std::vector<ScopeRecord> open_scopes_;
  Log<ScopeRecord> scopes_;
  Log<Activity> activities_;
  std::int64_t dropped_count_ = 0;
};

class Session {
 public:
  // `recording` is never freed; `records`: else ranges only
  Session(const internal::Recording& recording, bool records, std::size_t activity_limit)
      : recording_(recording), records_(records), activity_limit_(activity_limit) {}

  const internal::Recording& recording() const { return recording_; }
  bool records() const { return records_; }
  std::size_t activity_limit() const { return activity_limit_; }  // per thread
  StringTable& strings() { return strings_; }
  std::int64_t next_scope_id() { return next_scope_id_.fetch_add(1, std::memory_order_relaxed); }

  ThreadBuffer& add_thread();
  // scopes in order of their end; activities of one thread after another's
  void collect(std::int64_t now_ns, Profile& profile);

 private:
  const internal::Recording& recording_;
  bool records_;
  std::size_t activity_limit_;
  StringTable strings_;
  std::atomic<std::int64_t> next_scope_id_{1};
  std::mutex mutex_;
  std::deque<ThreadBuffer> threads_;
};

// The buffer of this thread in the running recording, or nullptr while nothing is recorded.
ThreadBuffer* current_buffer();
// what current_buffer follows; nullptr: none
void set_current_session(std::shared_ptr<Session> session);
std::shared_ptr<Session> current_session();

inline constinit std::atomic<std::int64_t> current_cell{kNone};

}  // namespace diffbench::profiling
