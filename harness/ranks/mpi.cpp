// Ranks over MPI.

#include <mpi.h>

#include <algorithm>
#include <chrono>
#include <limits>
#include <thread>

#include "harness/ranks/communicator.h"
#include "harness/ranks/mpi_session.h"

namespace diffbench::ranks {
namespace {

void check(int code, const char* call) {
  if (code != MPI_SUCCESS) {
    char text[MPI_MAX_ERROR_STRING] = {};
    int length = 0;
    MPI_Error_string(code, text, &length);
    throw std::runtime_error(std::string(call) + ": " + std::string(text, static_cast<size_t>(length)));
  }
}

bool running() {
  int initialized = 0;
  int finalized = 0;
  MPI_Initialized(&initialized);
  MPI_Finalized(&finalized);
  return initialized != 0 && finalized == 0;
}

// among the ranks of this machine; found when MPI starts, since to split is a collective and Communicators are made at
// any time, by one rank alone too
struct {
  int rank = 0;
  int size = 1;
} on_this_machine;

void find_local_place() {
  MPI_Comm machine = MPI_COMM_NULL;
  check(MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &machine), "MPI_Comm_split_type");
  MPI_Comm_rank(machine, &on_this_machine.rank);
  MPI_Comm_size(machine, &on_this_machine.size);
  MPI_Comm_free(&machine);
}

// MPI-3 counts are int: larger buffers travel in pieces
constexpr size_t kPieceBytes = size_t{1} << 30;
static_assert(kPieceBytes <= static_cast<size_t>(std::numeric_limits<int>::max()));
constexpr int kTag = 17;
constexpr int kWakeTag = 18;

// calls transfer(offset, count) for each piece
template <typename Transfer>
void in_pieces(size_t bytes, Transfer transfer) {
  for (size_t offset = 0; offset < bytes; offset += kPieceBytes) {
    transfer(offset, static_cast<int>(std::min(kPieceBytes, bytes - offset)));
  }
}

}  // namespace

MpiSession::MpiSession(int& argc, char**& argv) {
  if (!launched_by_mpi() || running()) {
    return;
  }
  int provided = 0;
  check(MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &provided), "MPI_Init_thread");
  check(MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN), "MPI_Comm_set_errhandler");
  find_local_place();
}

MpiSession::~MpiSession() {
  if (running()) {
    MPI_Finalize();
  }
}

void MpiSession::abort(int exit_code) const noexcept {
  if (running() && Communicator().size() > 1) {
    MPI_Abort(MPI_COMM_WORLD, exit_code);
  }
}

std::string library_version() {
  char text[MPI_MAX_LIBRARY_VERSION_STRING] = {};
  int length = 0;
  MPI_Get_library_version(text, &length);
  const std::string version(text, static_cast<size_t>(length));
  return version.substr(0, version.find_first_of(",\n"));
}

Communicator::Communicator() {
  if (running()) {
    MPI_Comm_rank(MPI_COMM_WORLD, &rank_);
    MPI_Comm_size(MPI_COMM_WORLD, &size_);
    local_rank_ = on_this_machine.rank;
    local_size_ = on_this_machine.size;
  }
}

void Communicator::barrier() const {
  if (size_ > 1) {
    check(MPI_Barrier(MPI_COMM_WORLD), "MPI_Barrier");
  }
}

Bytes Communicator::broadcast(Bytes bytes) const {
  if (size_ == 1) {
    return bytes;
  }
  unsigned long long count = bytes.size();
  check(MPI_Bcast(&count, 1, MPI_UNSIGNED_LONG_LONG, 0, MPI_COMM_WORLD), "MPI_Bcast");
  bytes.resize(count);
  in_pieces(bytes.size(), [&](size_t offset, int piece) {
    check(MPI_Bcast(bytes.data() + offset, piece, MPI_BYTE, 0, MPI_COMM_WORLD), "MPI_Bcast");
  });
  return bytes;
}

std::string Communicator::broadcast_sleeping(const std::string& text) const {
  if (size_ > 1 && rank_ == 0) {
    for (int other = 1; other < size_; ++other) {
      check(MPI_Send(nullptr, 0, MPI_BYTE, other, kWakeTag, MPI_COMM_WORLD), "MPI_Send");
    }
  } else if (size_ > 1) {
    for (int arrived = 0; arrived == 0;) {
      check(MPI_Iprobe(0, kWakeTag, MPI_COMM_WORLD, &arrived, MPI_STATUS_IGNORE), "MPI_Iprobe");
      if (arrived == 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    check(MPI_Recv(nullptr, 0, MPI_BYTE, 0, kWakeTag, MPI_COMM_WORLD, MPI_STATUS_IGNORE), "MPI_Recv");
  }
  return broadcast(text);
}

std::vector<Bytes> Communicator::gather(std::span<const std::byte> bytes) const {
  if (size_ == 1) {
    return {Bytes(bytes.begin(), bytes.end())};
  }
  const unsigned long long mine = bytes.size();
  std::vector<unsigned long long> counts(static_cast<size_t>(size_));
  check(MPI_Gather(&mine, 1, MPI_UNSIGNED_LONG_LONG, counts.data(), 1, MPI_UNSIGNED_LONG_LONG, 0, MPI_COMM_WORLD),
        "MPI_Gather");
  std::vector<Bytes> all;
  if (rank_ != 0) {
    in_pieces(bytes.size(), [&](size_t offset, int piece) {
      check(MPI_Send(bytes.data() + offset, piece, MPI_BYTE, 0, kTag, MPI_COMM_WORLD), "MPI_Send");
    });
    return all;
  }
  all.emplace_back(bytes.begin(), bytes.end());
  for (int source = 1; source < size_; ++source) {
    Bytes& buffer = all.emplace_back(counts[static_cast<size_t>(source)]);
    in_pieces(buffer.size(), [&](size_t offset, int piece) {
      check(MPI_Recv(buffer.data() + offset, piece, MPI_BYTE, source, kTag, MPI_COMM_WORLD, MPI_STATUS_IGNORE),
            "MPI_Recv");
    });
  }
  return all;
}

}  // namespace diffbench::ranks
