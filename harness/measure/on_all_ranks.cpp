#include "harness/measure/on_all_ranks.h"

#include <exception>

namespace diffbench::measure {

std::string on_all_ranks(const ranks::Communicator& world, const std::function<void()>& work) {
  world.barrier();
  std::string fault;
  try {
    work();
  } catch (const std::exception& error) {
    fault = *error.what() == '\0' ? "an error without a text" : error.what();
  }
  const auto failure = world.agree({.message = fault});
  return failure ? failure->message : "";
}

}  // namespace diffbench::measure
