// A build without MPI: this process alone.

#include "harness/ranks/communicator.h"
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

}  // namespace diffbench::ranks
