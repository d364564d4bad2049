#include "harness/ranks/mail.h"

#include <chrono>
#include <thread>

namespace diffbench::ranks {

Letter Mail::wait() const {
  while (true) {
    if (auto letter = look()) return std::move(*letter);
    std::this_thread::sleep_for(std::chrono::microseconds(200));
  }
}

}  // namespace diffbench::ranks
