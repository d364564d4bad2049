#include "harness/environment/system_files.h"

#include <fstream>

namespace diffbench::environment {

std::string first_line(const std::filesystem::path& file) {
  std::ifstream in(file);
  std::string line;
  std::getline(in, line);
  return line;
}

std::string value_of(const std::filesystem::path& file, std::string_view key, char separator) {
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);) {
    const size_t at = line.find(separator);
    if (line.starts_with(key) && at != std::string::npos) {
      const size_t begin = line.find_first_not_of(" \t\"", at + 1);
      const size_t end = line.find_last_not_of(" \t\"");
      return begin == std::string::npos ? "" : line.substr(begin, end + 1 - begin);
    }
  }
  return "";
}

}  // namespace diffbench::environment
