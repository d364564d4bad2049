#pragma once
// What a user got wrong: a file, a line, a key, a flag. The program prints the message and exits with code 2.
//
//   throw InputError("suite.toml:12: [[method]] name: no method 'ful'; did you mean 'full'?");
//
// The message is one line that starts with the place at fault. Bugs of ours are assertions or std::logic_error instead.

#include <stdexcept>

namespace diffbench::config {

struct InputError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

}  // namespace diffbench::config
