// A build without MPI: this process alone.

#include "harness/ranks/communicator.h"
#include "harness/ranks/mail.h"
#include "harness/ranks/mpi_session.h"

namespace diffbench::ranks {

MpiSession::MpiSession(int&, char**&) {}
MpiSession::~MpiSession() = default;
void MpiSession::abort(int) const noexcept {}
std::string library_version() { return ""; }

Communicator::Communicator() = default;

void Communicator::barrier() const {}
Bytes Communicator::broadcast(Bytes bytes) const { return bytes; }
std::string Communicator::broadcast_sleeping(const std::string& text) const { return text; }
std::vector<Bytes> Communicator::gather(std::span<const std::byte> bytes) const {
  return {Bytes(bytes.begin(), bytes.end())};
}

void Mail::send(int to, const Bytes&) const {
  throw std::logic_error("no rank " + std::to_string(to) + ": this build has no MPI");
}
std::optional<Letter> Mail::look() const { return std::nullopt; }

}  // namespace diffbench::ranks
