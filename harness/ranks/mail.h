#pragma once
// Letters from one rank to another, beside the collectives: what ranks of different speed need, for nobody waits.
//
//   const Mail mail(world);
//   mail.send(0, bytes);                                            // on rank 3
//   while (auto letter = mail.look()) use(letter->from, letter->bytes);   // on rank 0
//
// Letters of one rank arrive in the order in which they were sent. Under MPI one thread of a process at a time may use
// it (MPI_THREAD_SERIALIZED). A build without MPI has nobody to write to. Failing calls throw std::runtime_error.

#include <optional>

#include "harness/ranks/communicator.h"

namespace diffbench::ranks {

struct Letter {
  int from = 0;
  Bytes bytes{};
};

class Mail {
 public:
  explicit Mail(const Communicator& world) : size_(world.size()) {}

  void send(int to, const Bytes& bytes) const;  // returns when `bytes` may go; a large letter waits to be read
  std::optional<Letter> look() const;           // one that has arrived, of whichever rank
  Letter wait() const;                          // sleeps between looks, so a waiting rank takes no core from others

 private:
  int size_;
};

}  // namespace diffbench::ranks
