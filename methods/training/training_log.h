#pragma once
// The CSV log of a training: a header, then one line per report.
//
//   append_log("log.csv", {.step = 50, .images = 6400, .loss = 0.8, .learning_rate = 1e-4, .seconds = 40.2});
//   truncate_log("log.csv", 100);      // a resumed training repeats what came after its saved state

#include <cstdint>
#include <filesystem>

namespace diffbench::training {

struct LogLine {
  int64_t step;
  int64_t images;
  double loss;
  double learning_rate;
  double seconds;
};

void append_log(const std::filesystem::path& file, const LogLine& line);
void truncate_log(const std::filesystem::path& file, int64_t last_step);

}  // namespace diffbench::training
