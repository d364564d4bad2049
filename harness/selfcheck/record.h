#pragma once
// What the last selfcheck of each kind of machine found, kept for `compare` to quote.
//
//   selfcheck::keep(machine_fingerprint(run), document);
//   if (const auto known = selfcheck::recall(machine_fingerprint(run))) print(selfcheck::quote(*known));
//
// In $XDG_STATE_HOME/diffbench/selfcheck.json, or ~/.local/state/diffbench/selfcheck.json. A file that cannot be read
// is as good as none: it is only quoted.

#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

namespace diffbench::selfcheck {

std::filesystem::path record_path();  // empty: no home
void keep(const std::string& machine, const nlohmann::json& document);
std::optional<nlohmann::json> recall(const std::string& machine);

// one sentence
std::string quote(const nlohmann::json& document);

}  // namespace diffbench::selfcheck
