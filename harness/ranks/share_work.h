#pragma once
// Pieces of work that ranks take as they get free, so that a slow rank holds nobody up. Rank 0 deals them out
// (dealer.h), works itself, and gets every result.
//
//   share_work(world, batches.size(),
//              [&](int64_t piece) { return json(sample(batches[piece])); },       // on whichever rank it falls to
//              [&](const json& result) { store(result); },                        // on rank 0, once for each piece
//              {.name = [&](int64_t piece) { return "sampling " + name_of(batches[piece]); },
//               .kind = [&](int64_t piece) { return batches[piece].cell; }});
//
// A collective. Which rank makes a piece depends on chance; what it holds must not. Results arrive in any order, one at
// a time. With several ranks `receive` runs on a thread of its own, so that rank 0's own pieces hold up nobody's
// results; until the call returns, nothing else on rank 0 may use what it uses. A result that has been received is not
// kept, a rank holds one at a time, and rank 0 at most kLettersAtOnce: memory grows neither with pieces nor with ranks.
// A rank that keeps a piece too long (patience.h) is named with it: RankSilent on rank 0.
// What `make` or `receive` throws ends the work on all ranks after the pieces in hand: AgreedError everywhere.

#include <cstdint>
#include <functional>
#include <nlohmann/json.hpp>

#include "harness/ranks/communicator.h"

namespace diffbench::ranks {

using MakePiece = std::function<nlohmann::json(std::int64_t piece)>;  // not null
using ReceiveResult = std::function<void(const nlohmann::json& result)>;

struct PieceFacts {
  std::function<std::string(std::int64_t piece)> name;     // for messages
  std::function<std::int64_t(std::int64_t piece)> kind{};  // dealer.h; empty: all are of one
};

void share_work(const Communicator& world, std::int64_t pieces, const MakePiece& make, const ReceiveResult& receive,
                const PieceFacts& facts);

}  // namespace diffbench::ranks
