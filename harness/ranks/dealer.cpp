#include "harness/ranks/dealer.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace diffbench::ranks {

Dealer::Dealer(std::int64_t pieces, int ranks, KindOf kind_of) : pieces_(pieces), kind_of_(std::move(kind_of)) {
  if (pieces < 0 || ranks <= 0) throw std::invalid_argument("Dealer: needs pieces >= 0 and ranks > 0");
  hands_.resize(static_cast<size_t>(ranks));
}

std::optional<std::int64_t> Dealer::deal(int rank, std::int64_t now_ns) {
  auto& hand = hands_.at(static_cast<size_t>(rank));
  if (hand.piece) {
    hand.took_ns = std::max<std::int64_t>(now_ns - hand.dealt_ns, 1);
    hand.took_kind = kind_of(*hand.piece);
  }
  hand.piece.reset();
  if (left() == 0 || faster_ones_end_sooner(rank, now_ns)) {
    hand.has_left = true;
    return std::nullopt;
  }
  hand.piece = next_++;
  hand.dealt_ns = now_ns;
  return hand.piece;
}

void Dealer::leave(int rank) {
  auto& hand = hands_.at(static_cast<size_t>(rank));
  hand.piece.reset();
  hand.has_left = true;
}

void Dealer::stop() { stopped_ = true; }

bool Dealer::faster_ones_end_sooner(int rank, std::int64_t now_ns) const {
  const auto kind = kind_of(next_);
  const auto& mine = hands_[static_cast<size_t>(rank)];
  if (mine.took_ns == 0 || mine.took_kind != kind) return false;
  const auto mine_ns = static_cast<double>(mine.took_ns);
  double pieces_per_ns = 0.0;
  double pieces = static_cast<double>(left());  // with what is left of those in hand
  double slowest_ns = 0.0;
  for (const auto& other : hands_) {
    const auto takes_ns = static_cast<double>(other.took_ns);
    if (other.has_left || takes_ns == 0.0 || other.took_kind != kind || takes_ns >= mine_ns) continue;
    pieces_per_ns += 1.0 / takes_ns;
    slowest_ns = std::max(slowest_ns, takes_ns);
    if (other.piece) pieces += std::max(1.0 - static_cast<double>(now_ns - other.dealt_ns) / takes_ns, 0.0);
  }
  return pieces_per_ns > 0.0 && pieces / pieces_per_ns + slowest_ns < mine_ns;
}

}  // namespace diffbench::ranks
