// Ranks over MPI.

#include <mpi.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <limits>
#include <thread>

#include "harness/ranks/communicator.h"
#include "harness/ranks/mail.h"
#include "harness/ranks/mpi_session.h"
#include "harness/ranks/patience.h"

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

// so that rank 0 can say where a rank is that does not answer
void introduce_ranks() {
  char host[MPI_MAX_PROCESSOR_NAME] = {};
  int length = 0;
  check(MPI_Get_processor_name(host, &length), "MPI_Get_processor_name");
  const std::string mine = std::to_string(::getpid()) + " " + host;
  std::vector<RankPlace> places;
  for (const auto& bytes : Communicator().gather(std::as_bytes(std::span(mine)))) {
    const std::string text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    const size_t space = text.find(' ');
    places.push_back({.host = text.substr(space + 1), .process = std::stol(text.substr(0, space))});
  }
  know_ranks(std::move(places));
}

// MPI-3 counts are int: larger buffers travel in pieces
constexpr size_t kPieceBytes = size_t{1} << 30;
static_assert(kPieceBytes <= static_cast<size_t>(std::numeric_limits<int>::max()));
constexpr int kCountTag = 16;
constexpr int kTag = 17;
constexpr int kWakeTag = 18;
constexpr int kLetterTag = 19;

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
  check(MPI_Init_thread(&argc, &argv, MPI_THREAD_SERIALIZED, &provided), "MPI_Init_thread");
  if (provided < MPI_THREAD_SERIALIZED) {
    throw std::runtime_error(
        "MPI_Init_thread: this MPI allows calls from one thread of a process only; ranks need "
        "MPI_THREAD_SERIALIZED (share_work.h)");
  }
  check(MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN), "MPI_Comm_set_errhandler");
  find_local_place();
  introduce_ranks();
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

// by way of rank 0, who sees which rank it is that does not come
void Communicator::barrier() const {
  gather({});
  broadcast(Bytes());
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
  std::vector<Bytes> all;
  if (rank_ != 0) {
    const unsigned long long mine = bytes.size();
    check(MPI_Send(&mine, 1, MPI_UNSIGNED_LONG_LONG, 0, kCountTag, MPI_COMM_WORLD), "MPI_Send");
    in_pieces(bytes.size(), [&](size_t offset, int piece) {
      check(MPI_Send(bytes.data() + offset, piece, MPI_BYTE, 0, kTag, MPI_COMM_WORLD), "MPI_Send");
    });
    return all;
  }
  all.emplace_back(bytes.begin(), bytes.end());
  Wait wait;
  for (int source = 1; source < size_; ++source) {
    unsigned long long count = 0;
    for (int arrived = 0; arrived == 0;) {
      check(MPI_Iprobe(source, kCountTag, MPI_COMM_WORLD, &arrived, MPI_STATUS_IGNORE), "MPI_Iprobe");
      if (arrived == 0) wait.goes_on(source);
    }
    wait.is_over();
    check(MPI_Recv(&count, 1, MPI_UNSIGNED_LONG_LONG, source, kCountTag, MPI_COMM_WORLD, MPI_STATUS_IGNORE),
          "MPI_Recv");
    Bytes& buffer = all.emplace_back(count);
    in_pieces(buffer.size(), [&](size_t offset, int piece) {
      check(MPI_Recv(buffer.data() + offset, piece, MPI_BYTE, source, kTag, MPI_COMM_WORLD, MPI_STATUS_IGNORE),
            "MPI_Recv");
    });
  }
  return all;
}

void Mail::send(int to, const Bytes& bytes) const {
  if (bytes.size() > kPieceBytes) {
    throw std::runtime_error("a letter of " + std::to_string(bytes.size()) + " bytes to rank " + std::to_string(to) +
                             ": 1 GiB at the most");
  }
  check(MPI_Send(bytes.data(), static_cast<int>(bytes.size()), MPI_BYTE, to, kLetterTag, MPI_COMM_WORLD), "MPI_Send");
}

std::optional<Letter> Mail::look() const {
  if (size_ == 1) return std::nullopt;
  int arrived = 0;
  MPI_Status status;
  check(MPI_Iprobe(MPI_ANY_SOURCE, kLetterTag, MPI_COMM_WORLD, &arrived, &status), "MPI_Iprobe");
  if (arrived == 0) return std::nullopt;
  int count = 0;
  check(MPI_Get_count(&status, MPI_BYTE, &count), "MPI_Get_count");
  Letter letter{.from = status.MPI_SOURCE, .bytes = Bytes(static_cast<size_t>(count))};
  check(MPI_Recv(letter.bytes.data(), count, MPI_BYTE, letter.from, kLetterTag, MPI_COMM_WORLD, MPI_STATUS_IGNORE),
        "MPI_Recv");
  return letter;
}

}  // namespace diffbench::ranks
