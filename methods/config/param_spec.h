#pragma once
// Parameters of methods and solvers: declared once, so that checking, defaults and `diffbench list` read the same
// table.
//
//   const std::vector<ParamSpec> specs = {
//       {.name = "eta", .type = ParamType::kNumber, .default_value = 0.0, .description = "0: deterministic", .minimum =
//       0},
//       {.name = "variance", .type = ParamType::kString, .default_value = "fixed_small", .description = "of the noise",
//        .choices = {"fixed_small", "fixed_large"}}};
//   auto given = params_from_flags({"eta=0.5"}, "--solver-param");       // {"eta": 0.5}
//   auto params = resolve_params(given, specs, "--solver-param");        // {"eta": 0.5, "variance": "fixed_small"}
//
// Every error is an InputError of one line "<where>: <key>: message"; `where` names the file and line, or the flag.

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace diffbench::config {

enum class ParamType { kBool, kInteger, kNumber, kString, kIntegerList, kNumberList, kTable };

std::string_view name_of(ParamType type);  // "bool", "integer", "number", "string", "integers", "numbers", "table"

struct ParamSpec {
  std::string name;
  ParamType type = ParamType::kNumber;
  nlohmann::json default_value;        // null: the parameter is required
  std::string description;             // one sentence, without the default
  std::optional<double> minimum{};     // inclusive; of the value, or of every entry of a list
  std::optional<double> maximum{};     // inclusive
  std::vector<std::string> choices{};  // of a string; empty: anything goes
};

// The given JSON object with every default filled in and every value checked. Integers widen to numbers.
nlohmann::json resolve_params(const nlohmann::json& given, const std::vector<ParamSpec>& specs, std::string_view where);

// A value of kTable: an object, or text that holds one ('{"exit": 4}'; "" is the empty one). None: neither.
std::optional<nlohmann::json> table_of(const nlohmann::json& value);

// "key=value" flags as a JSON object: a value that is JSON (0.5, true, [1, 2], {"exit": 4}) is taken as such, anything
// else as text.
nlohmann::json params_from_flags(const std::vector<std::string>& assignments, std::string_view flag);

}  // namespace diffbench::config
