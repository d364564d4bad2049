#include <unistd.h>

#include <cstdlib>

#include "harness/ranks/mpi_session.h"

namespace diffbench::ranks {

bool launched_by_mpi() {
  // Open MPI; MPICH, Intel MPI and other Hydra launchers; PMIx; srun (whose SLURM_PROCID a plain job script lacks a
  // step for: there SLURM_STEP_ID is what tells a rank from the script)
  if (std::getenv("SLURM_STEP_ID") != nullptr && std::getenv("SLURM_PROCID") != nullptr) {
    return true;
  }
  for (const char* name : {"OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "PMI_RANK", "PMIX_RANK"}) {
    if (std::getenv(name) != nullptr) {
      return true;
    }
  }
  return false;
}

bool is_terminal(int descriptor) { return isatty(descriptor) != 0 && !launched_by_mpi(); }

}  // namespace diffbench::ranks
