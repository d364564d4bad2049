#pragma once
// MPI, from start to end of the program. Made once, in main, before anything else talks to other ranks.
//
//   ranks::MpiSession session(argc, argv);   // starts MPI only under mpirun or srun
//   ranks::Communicator world;               // all ranks, or this process alone
//
// Leaving the scope finalises MPI. A failure on one rank only must not leave the others waiting: call abort().

#include <string>

namespace diffbench::ranks {

// true if the environment says that a launcher (mpirun, srun, any PMI) started this process as one of its ranks
bool launched_by_mpi();

// true for a terminal that someone looks at: mpirun gives ranks pseudo-terminals, and what they write ends up in lines
// of its own output
bool is_terminal(int descriptor);

class MpiSession {
 public:
  MpiSession(int& argc, char**& argv);
  ~MpiSession();
  MpiSession(const MpiSession&) = delete;  // MPI starts and ends once per process
  MpiSession& operator=(const MpiSession&) = delete;

  // ends every rank at once if there are several; returns if this process is alone
  void abort(int exit_code) const noexcept;
};

// one line such as "Open MPI v4.1.4", or "" in a build without MPI; usable before a session starts
std::string library_version();

}  // namespace diffbench::ranks
