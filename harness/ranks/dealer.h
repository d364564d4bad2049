#pragma once
// Who gets the next piece of work: whoever is free. The rule alone, without messages or a clock, so that a real run
// and the simulation of a cluster (`diffbench predict`) use the same one.
//
//   Dealer dealer(500, world.size(), [&](int64_t piece) { return cell_of[piece]; });
//   while (const auto piece = dealer.deal(rank, clock.now_ns())) { ... }    // asked again when the piece is done
//
// Pieces go out in rising order. Near the end a rank that is known to be slow gets none any more if the faster ones
// will have done all that is left before it would be done with one: a piece on a slow rank is what everybody else
// waits for in the end. That bound is the one of list scheduling (Graham 1966: no later than the work shared out
// evenly, and one piece of the slowest), so whoever is refused never makes the end later. What a rank takes is known
// from its last piece, and only for pieces of the same kind: those of another cell may take a hundred times as long.

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

namespace diffbench::ranks {

class Dealer {
 public:
  // pieces of one kind take a rank about as long as each other; without a function all are of one
  using KindOf = std::function<std::int64_t(std::int64_t piece)>;

  // std::invalid_argument unless pieces >= 0 and ranks > 0
  Dealer(std::int64_t pieces, int ranks, KindOf kind_of = {});

  // For a rank that has nothing in hand: done with the piece it had, or new. nullopt: it gets no more, and leaves.
  std::optional<std::int64_t> deal(int rank, std::int64_t now_ns);

  void leave(int rank);  // it will not ask again
  void stop();           // nobody gets any more
  std::int64_t left() const { return stopped_ ? 0 : pieces_ - next_; }

  struct Hand {
    bool has_left = false;
    std::optional<std::int64_t> piece{};  // that it works on
    std::int64_t dealt_ns = 0;            // when it got it
    std::int64_t took_ns = 0;             // what its last one took; 0: it has finished none
    std::int64_t took_kind = 0;           // of which kind that was
  };
  const std::vector<Hand>& hands() const { return hands_; }

 private:
  bool faster_ones_end_sooner(int rank, std::int64_t now_ns) const;

  std::int64_t kind_of(std::int64_t piece) const { return kind_of_ ? kind_of_(piece) : 0; }

  std::int64_t pieces_;
  KindOf kind_of_;
  std::int64_t next_ = 0;
  bool stopped_ = false;
  std::vector<Hand> hands_;  // by rank
};

}  // namespace diffbench::ranks
