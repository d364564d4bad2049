#pragma once
// What caches learn of a network from whole trajectories: the file that `diffbench calibrate` writes and
// tea_cache, mag_cache and layer_mask read.
//
//   const Calibration calibration = read_calibration("tea_cache.toml", "tea_cache", context);
//
// It holds for one network and one plan: another network is refused, another number of places is what its reader makes
// of it.

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace diffbench::methods {
struct MethodContext;
}

namespace diffbench::caches {

struct Calibration {
  std::string method{};                // whose file it is
  std::string model{};                 // the network's fingerprint
  std::string conditions{};            // how the trajectories were sampled (sampling_conditions.h)
  int64_t places = 0;                  // of their plan (timetable.h)
  std::vector<double> coefficients{};  // tea_cache: of the polynomial, highest power first
  // mag_cache: mean size of what the blocks did at each place over that at the place before; the first 1
  std::vector<double> ratios{};
  // layer_mask: for each place 1 or 0 by branch, attention and MLP of each block in turn
  std::vector<std::string> runs{};
};

// complete or absent; InputError when it cannot be written
void write_calibration(const Calibration& calibration, const std::filesystem::path& file);
// a file or folder as a suite in context.folder names it: beside the suite, or in the model's folder
std::filesystem::path find_calibration(const std::string& name, const methods::MethodContext& context);
// InputError with file and key for a file of another method or network; the context hears of the file
Calibration read_calibration(const std::string& file, const std::string& method, const methods::MethodContext& context);

}  // namespace diffbench::caches
