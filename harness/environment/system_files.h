#pragma once
// Files in which the system describes itself: /proc, /sys, /etc. Whoever reads them is told where they hang, so that
// tests put a tree of their own there.
//
//   first_line(root / "sys/devices/system/cpu/smt/active")          // "1"; "" where there is no such file
//   value_of(root / "proc/cpuinfo", "model name", ':')              // what follows the key and its separator

#include <filesystem>
#include <string>
#include <string_view>

namespace diffbench::environment {

std::string first_line(const std::filesystem::path& file);

// on the first line that starts with `key`, without the blanks and quotes around it; "" if there is none
std::string value_of(const std::filesystem::path& file, std::string_view key, char separator);

}  // namespace diffbench::environment
