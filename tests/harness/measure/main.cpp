#include <gmock/gmock.h>

#include "harness/ranks/mpi_session.h"

int main(int argc, char** argv) {
  const diffbench::ranks::MpiSession session(argc, argv);
  ::testing::InitGoogleMock(&argc, argv);
  return RUN_ALL_TESTS();
}
