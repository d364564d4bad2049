#include "methods/config/nearest.h"

#include <algorithm>
#include <limits>
#include <numeric>

namespace diffbench::config {
namespace {

// Levenshtein distance, one row of the table at a time
size_t edit_distance(std::string_view from, std::string_view to) {
  std::vector<size_t> row(to.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 0; i < from.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i + 1;
    for (size_t j = 0; j < to.size(); ++j) {
      const size_t substituted = diagonal + (from[i] == to[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({substituted, row[j] + 1, diagonal + 1});
    }
  }
  return row.back();
}

}  // namespace

bool resembles(std::string_view word, std::string_view meant) {
  const size_t distance = edit_distance(word, meant);
  return distance <= 2 && 2 * distance <= meant.size();
}

std::string nearest(std::string_view word, const std::vector<std::string>& candidates) {
  std::string best;
  size_t best_distance = std::numeric_limits<size_t>::max();
  for (const auto& candidate : candidates) {
    const size_t distance = edit_distance(word, candidate);
    if (distance < best_distance) {
      best_distance = distance;
      best = candidate;
    }
  }
  return best;
}

std::string unknown_name(std::string_view kind, std::string_view word, const std::vector<std::string>& candidates) {
  std::string message = "unknown " + std::string(kind) + " '" + std::string(word) + "'";
  if (candidates.empty()) {
    return message + "; none are valid here";
  }
  message += "; did you mean '" + nearest(word, candidates) + "'? (valid:";
  for (const auto& candidate : candidates) {
    message += " " + candidate;
  }
  return message + ")";
}

}  // namespace diffbench::config
