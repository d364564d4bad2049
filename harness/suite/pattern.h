#pragma once
// A regular expression over the keys of cells, as --only and gate.toml have them.
//
//   const Pattern pattern("static_schedule.*offline", "--only");  // throws InputError with the reason
//   if (pattern.matches(cell.key)) ...

#include <regex.h>

#include <string>

#include "methods/config/input_error.h"

namespace diffbench::suite {

// A compiled POSIX extended expression. Not std::regex, whose matching recurses once per character of a long key.
class Pattern {
 public:
  // `place`: where a reader finds it, for messages
  explicit Pattern(const std::string& text, const std::string& place = "--only") {
    const int error = regcomp(&compiled_, text.c_str(), REG_EXTENDED | REG_NOSUB);
    if (error != 0) {
      char reason[128] = {};
      regerror(error, &compiled_, reason, sizeof(reason));
      throw config::InputError(place + " " + text + ": not a regular expression: " + reason);
    }
  }
  ~Pattern() { regfree(&compiled_); }
  Pattern(const Pattern&) = delete;  // regex_t has no copy
  Pattern& operator=(const Pattern&) = delete;

  // anywhere in the text
  bool matches(const std::string& text) const { return regexec(&compiled_, text.c_str(), 0, nullptr, 0) == 0; }

 private:
  regex_t compiled_{};
};

}  // namespace diffbench::suite
