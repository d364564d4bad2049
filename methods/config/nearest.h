#pragma once
// Suggests what a user may have meant.
//
//   nearest("ful", {"full", "null"})         -> "full"
//   unknown_name("method", "ful", {"full"})  -> "unknown method 'ful'; did you mean 'full'? (valid: full)"

#include <string>
#include <string_view>
#include <vector>

namespace diffbench::config {

// the candidate with the smallest edit distance to `word`; empty if there are no candidates
std::string nearest(std::string_view word, const std::vector<std::string>& candidates);

std::string unknown_name(std::string_view kind, std::string_view word, const std::vector<std::string>& candidates);

}  // namespace diffbench::config
