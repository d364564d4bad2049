#pragma once
// For options that count: add_option("--steps", ...)->check(at_least(1)).

#include <CLI/CLI.hpp>
#include <charconv>
#include <cstdint>
#include <string>

namespace diffbench::commands {

// a whole number from `least` on; CLI11's own PositiveNumber answers with 300 digits
inline CLI::Validator at_least(std::int64_t least) {
  const auto check = [least](const std::string& text) {
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    const bool is_fine = error == std::errc() && end == text.data() + text.size() && value >= least;
    return is_fine ? std::string() : "'" + text + "' is not a whole number from " + std::to_string(least) + " on";
  };
  return {check, "", "at_least"};
}

}  // namespace diffbench::commands
