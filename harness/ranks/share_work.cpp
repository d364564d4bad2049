#include "harness/ranks/share_work.h"

#include <chrono>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <thread>

#include "harness/ranks/dealer.h"
#include "harness/ranks/exchange.h"
#include "harness/ranks/mail.h"
#include "harness/ranks/patience.h"

namespace diffbench::ranks {
namespace {

using nlohmann::json;

constexpr int kLettersAtOnce = 8;

std::int64_t now_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

// What ranks write to rank 0: {"result": ..} of the piece they had, null at first, and with it the wish for another;
// {"leaves": true} where something failed. Rank 0 answers a wish with the number of a piece, or null.

// all ranks but 0
void work_for_rank_0(const Communicator& world, const MakePiece& make) {
  const Mail mail(world);
  json result;
  try {
    while (true) {
      mail.send(0, encode({{"result", std::move(result)}}));
      const json piece = decode(mail.wait().bytes);
      if (piece.is_null()) return;
      result = make(piece.get<std::int64_t>());
    }
  } catch (...) {
    mail.send(0, encode({{"leaves", true}}));
    throw;
  }
}

// rank 0: a thread that answers the others and hands on what they made, and the caller's, which works as they do
class Office {
 public:
  Office(const Communicator& world, std::int64_t pieces, const ReceiveResult& receive, const PieceFacts& facts)
      : mail_(world),
        receive_(receive),
        facts_(facts),
        dealer_(pieces, world.size(), facts.kind),
        others_at_work_(world.size() - 1) {}

  void work(const MakePiece& make) {
    std::thread clerk([this] { serve(); });
    const auto fault = work_here(make);
    clerk.join();
    if (receiving_failed_) std::rethrow_exception(receiving_failed_);
    if (fault) std::rethrow_exception(fault);
  }

 private:
  std::exception_ptr work_here(const MakePiece& make) {
    std::exception_ptr fault;
    try {
      while (const auto piece = deal(0)) {
        auto result = make(*piece);
        std::unique_lock lock(mutex_);
        taken_.wait(lock, [&] { return own_result_.is_null() || clerk_has_gone_; });
        own_result_ = std::move(result);
      }
    } catch (...) {
      fault = std::current_exception();
    }
    const std::lock_guard lock(mutex_);
    if (fault) dealer_.stop();
    is_done_here_ = true;
    return fault;
  }

  std::optional<std::int64_t> deal(int rank) {
    const std::lock_guard lock(mutex_);
    return dealer_.deal(rank, now_ns());
  }

  void serve() {
    try {
      while (!all_done()) {
        const bool had_letters = answer_letters();
        const bool had_own = take_own_result();
        look_for_silent_ranks();
        if (had_letters || had_own) continue;
        std::this_thread::sleep_for(std::chrono::microseconds(200));
      }
    } catch (...) {
      // a rank is silent or the mail itself failed: nobody can be told any more, and what follows says so
      receiving_failed_ = std::current_exception();
      const std::lock_guard lock(mutex_);
      dealer_.stop();
      clerk_has_gone_ = true;
    }
    taken_.notify_one();
  }

  bool all_done() {
    const std::lock_guard lock(mutex_);
    return others_at_work_ == 0 && is_done_here_ && own_result_.is_null();
  }

  void look_for_silent_ranks() {
    const std::lock_guard lock(mutex_);
    const auto& hands = dealer_.hands();
    for (size_t rank = 0; rank < hands.size(); ++rank) {
      const auto& hand = hands[rank];
      if (hand.took_ns > 0) has_waited(static_cast<double>(hand.took_ns) * 1e-9);
      if (rank == 0 || hand.has_left) continue;
      const double seconds = static_cast<double>(now_ns() - (hand.piece ? hand.dealt_ns : began_ns_)) * 1e-9;
      if (seconds > patience_s()) {
        throw silence_of(static_cast<int>(rank), seconds, hand.piece ? facts_.name(*hand.piece) : "");
      }
    }
  }

  // Who waits for a piece gets it before results are looked at: storing takes a while.
  bool answer_letters() {
    std::vector<json> results;
    for (int letters = 0; letters < kLettersAtOnce; ++letters) {
      const auto letter = mail_.look();
      if (!letter) break;
      auto content = decode(letter->bytes);
      if (content.contains("leaves")) {
        const std::lock_guard lock(mutex_);
        dealer_.leave(letter->from);
        dealer_.stop();
        --others_at_work_;
        continue;
      }
      const auto piece = deal(letter->from);
      mail_.send(letter->from, encode(piece ? json(*piece) : json()));
      if (!piece) {
        const std::lock_guard lock(mutex_);
        --others_at_work_;
      }
      if (!content["result"].is_null()) results.push_back(std::move(content["result"]));
    }
    for (const auto& result : results) receive(result);
    return !results.empty();
  }

  bool take_own_result() {
    json result;
    {
      const std::lock_guard lock(mutex_);
      std::swap(result, own_result_);
    }
    taken_.notify_one();
    if (result.is_null()) return false;
    receive(result);
    return true;
  }

  // after a failure the others are still told that there is no more work
  void receive(const json& result) {
    if (receiving_failed_) return;
    try {
      receive_(result);
    } catch (...) {
      receiving_failed_ = std::current_exception();
      const std::lock_guard lock(mutex_);
      dealer_.stop();
    }
  }

  const Mail mail_;
  const ReceiveResult& receive_;
  const PieceFacts& facts_;
  const std::int64_t began_ns_ = now_ns();
  std::exception_ptr receiving_failed_;  // of the clerk; read after it has joined

  std::mutex mutex_;  // of all below
  std::condition_variable taken_;
  Dealer dealer_;
  json own_result_;  // that the clerk has not taken yet
  bool is_done_here_ = false;
  bool clerk_has_gone_ = false;
  int others_at_work_;  // ranks that will write again
};

}  // namespace

void share_work(const Communicator& world, std::int64_t pieces, const MakePiece& make, const ReceiveResult& receive,
                const PieceFacts& facts) {
  world.together([&] {
    if (world.size() == 1) {
      for (std::int64_t piece = 0; piece < pieces; ++piece) receive(make(piece));
    } else if (world.rank() == 0) {
      Office(world, pieces, receive, facts).work(make);
    } else {
      work_for_rank_0(world, make);
    }
  });
}

}  // namespace diffbench::ranks
