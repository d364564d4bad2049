#pragma once
// How ranks talk. Built over MPI or, without it, over this process alone (mpi.cpp | single.cpp, chosen by CMake).
//
//   ranks::Communicator world;
//   world.together([&] { suite = parse_suite(path); });                     // all go on, or all throw
//   for (const auto& buffer : world.gather(to_bytes(result))) { ... }       // on rank 0
//
// Every member function that returns more than a place (rank, size, local_rank, local_size) is a collective: all ranks
// call it, in the same order, from one thread. On rank 0 each of them may throw RankSilent (patience.h).
// No rank is left behind: wrap whatever may throw in together() before the next collective. Failing MPI calls throw
// std::runtime_error with the name of the call.

#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

namespace diffbench::ranks {

using Bytes = std::vector<std::byte>;

enum class FailureKind {
  kInternal,  // ours
  kInput,     // the user's mistake: config::InputError
  kStopped,   // nobody's: the program was asked to end
};

// What a rank reports when something failed there.
struct Failure {
  int rank = 0;
  FailureKind kind = FailureKind::kInternal;
  std::string message{};
};

// Thrown inside of together() by a rank that has been asked to end: all ranks do.
struct Stopped : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// Thrown by Communicator::together on every rank, with the same content everywhere.
struct AgreedError : std::runtime_error {
  explicit AgreedError(Failure what_failed)
      : std::runtime_error(what_failed.message), failure(std::move(what_failed)) {}
  Failure failure;
};

class Communicator {
 public:
  Communicator();  // all ranks of a started MpiSession; else this process alone

  int rank() const { return rank_; }
  int size() const { return size_; }
  // the same among the ranks that share this machine's memory: what tells who works on which of its devices
  int local_rank() const { return local_rank_; }
  int local_size() const { return local_size_; }

  void barrier() const;

  // rank 0's value, on every rank
  Bytes broadcast(Bytes bytes) const;
  std::string broadcast(const std::string& text) const;
  // The same for a wait that may be long: the other ranks sleep instead of spinning, and see it a millisecond late.
  std::string broadcast_sleeping(const std::string& text) const;

  // on rank 0 one buffer per rank, in rank order; empty on the other ranks. Buffers may differ in size.
  std::vector<Bytes> gather(std::span<const std::byte> bytes) const;

  // The failure of the lowest failing rank, the same on every rank; nullopt when every rank passes an empty message.
  // `mine.rank` is not read.
  std::optional<Failure> agree(const Failure& mine) const;

  // Runs `work` here, then agrees: returns on every rank, or throws AgreedError on every rank.
  void together(const std::function<void()>& work) const;

 private:
  int rank_ = 0;
  int size_ = 1;
  int local_rank_ = 0;
  int local_size_ = 1;
};

}  // namespace diffbench::ranks
