#pragma once
// The losses a threshold is calibrated on: one row per calibration unit, one column per threshold, the columns in order
// of falling caution (column 0 the most cautious: the full network, or nearest to it).
//
//   LossTable table = read_loss_table("losses.npz");
//   check(table, 1.0);                              // every loss in [-1, 1]
//   std::vector<double> losses = table.column(3);   // [units], in the order of the rows
//
// Losses may be negative: a gap loss compares an early exit with the full network, and the exit may be the better one.
// Every failure is an InputError of one line that names the source and the place in it.

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

namespace diffbench::risk_control {

struct LossTable {
  std::string source;              // what messages call it: a file name
  size_t units = 0;                // n
  std::vector<double> losses;      // [n, L], C order
  std::vector<double> thresholds;  // [L]
  std::vector<double> exits{};     // [L], the mean share of the blocks executed; empty: not known

  std::vector<double> column(size_t index) const;
};

// Reads `losses` [n, L], `thresholds` [L] and, where it is there, `exits` [L], float64 or float32, from any file of
// methods/data/tensor_file.h. Only the types and shapes are checked here.
LossTable read_loss_table(const std::filesystem::path& path);

// refuses an empty table, sizes that do not fit, thresholds that are not finite, losses outside [-bound, bound] and
// exits outside [0, 1]
void check(const LossTable& table, double bound);

}  // namespace diffbench::risk_control
