#pragma once
// Suggests what a user may have meant.
//
//   nearest("ful", {"full", "null"})         -> "full"
//   resembles("chanels", "channels")         -> true
//   unknown_name("method", "ful", {"full"})  -> "unknown method 'ful'; did you mean 'full'? (valid: full)"

#include <string>
#include <string_view>
#include <vector>

namespace diffbench::config {

// true for what may be a slip of the pen: an edit distance of 2 at most, and no more than half of the letters
bool resembles(std::string_view word, std::string_view meant);

// the candidate with the smallest edit distance to `word`; empty if there are no candidates
std::string nearest(std::string_view word, const std::vector<std::string>& candidates);

std::string unknown_name(std::string_view kind, std::string_view word, const std::vector<std::string>& candidates);

}  // namespace diffbench::config
