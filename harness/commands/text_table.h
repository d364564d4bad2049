#pragma once
// Tables for people: no line longer than the terminal.
//
//   std::cout << text_table({{"method", {"full", "duodiff"}, true}, {"latency", {"8.1 ms", "6.0 ms"}}}, line_width());
//
// A name column (the third member) that says the same in every row moves into one line above the table. What does not
// fit is folded: further blocks below, each of which begins with the name columns again.

#include <string>
#include <vector>

namespace diffbench::commands {

struct TextColumn {
  std::string title;
  std::vector<std::string> texts;  // one per row
  bool is_name = false;
};

std::string text_table(const std::vector<TextColumn>& columns, size_t width);

// of the terminal behind stdout; 100 where there is none
size_t line_width();

}  // namespace diffbench::commands
