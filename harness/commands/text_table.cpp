#include "harness/commands/text_table.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>

namespace diffbench::commands {
namespace {

constexpr size_t kGap = 2;

// characters, not bytes: labels may hold "≥"
size_t width_of(const std::string& text) {
  return static_cast<size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

size_t width_of(const TextColumn& column) {
  size_t width = width_of(column.title);
  for (const auto& text : column.texts) width = std::max(width, width_of(text));
  return width;
}

bool is_one_and_the_same(const TextColumn& column) {
  return column.texts.size() > 1 && std::all_of(column.texts.begin(), column.texts.end(),
                                                [&](const auto& text) { return text == column.texts.front(); });
}

std::string block_of(const std::vector<const TextColumn*>& columns) {
  std::string text;
  const size_t rows = columns.front()->texts.size();
  for (size_t line = 0; line <= rows; ++line) {
    for (const TextColumn* column : columns) {
      const std::string& cell = line == 0 ? column->title : column->texts[line - 1];
      text += cell + std::string(width_of(*column) - width_of(cell) + kGap, ' ');
    }
    text.erase(text.find_last_not_of(' ') + 1);
    text += "\n";
  }
  return text;
}

}  // namespace

std::string text_table(const std::vector<TextColumn>& columns, size_t width) {
  std::string above;
  std::vector<const TextColumn*> names;
  std::vector<const TextColumn*> others;
  for (const auto& column : columns) {
    if (!column.is_name) {
      others.push_back(&column);
    } else if (is_one_and_the_same(column) && &column != &columns.front()) {
      above += (above.empty() ? "" : ", ") + column.title + " " + column.texts.front();
    } else {
      names.push_back(&column);
    }
  }
  std::string text = above.empty() ? "" : above + "\n";
  std::vector<const TextColumn*> block = names;
  const auto width_of_block = [&] {
    size_t sum = 0;
    for (const TextColumn* column : block) sum += width_of(*column) + kGap;
    return sum - kGap;
  };
  bool is_first = true;
  const auto flush = [&] {
    text += (is_first ? "" : "\n") + block_of(block);
    is_first = false;
    block = names;
  };
  for (const TextColumn* column : others) {
    block.push_back(column);
    if (width_of_block() <= width || block.size() == names.size() + 1) continue;
    block.pop_back();
    flush();
    block.push_back(column);
  }
  flush();
  return text;
}

size_t line_width() {
  winsize size{};
  const bool is_known = isatty(STDOUT_FILENO) != 0 && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  return is_known ? size.ws_col : 100;
}

}  // namespace diffbench::commands
