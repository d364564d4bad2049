#include "methods/training/training_log.h"

#include <cstdlib>
#include <fstream>
#include <string>

namespace diffbench::training {

void append_log(const std::filesystem::path& file, const LogLine& line) {
  std::filesystem::create_directories(file.parent_path());
  const bool is_new = !std::filesystem::exists(file);
  std::ofstream out(file, std::ios::app);
  if (is_new) {
    out << "step,images,loss,learning_rate,seconds\n";
  }
  char text[160];
  std::snprintf(text, sizeof text, "%lld,%lld,%.6f,%.6g,%.1f\n", static_cast<long long>(line.step),
                static_cast<long long>(line.images), line.loss, line.learning_rate, line.seconds);
  out << text;
}

void truncate_log(const std::filesystem::path& file, int64_t last_step) {
  std::ifstream in(file);
  std::string kept;
  for (std::string line; std::getline(in, line);) {
    if (kept.empty() || std::atoll(line.c_str()) <= last_step) {
      kept += line + "\n";
    }
  }
  in.close();
  const auto temporary = file.string() + ".tmp";
  std::ofstream(temporary) << kept;
  std::filesystem::rename(temporary, file);
}

}  // namespace diffbench::training
