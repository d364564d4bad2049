#include "methods/config/param_spec.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <sstream>

#include "methods/config/input_error.h"
#include "methods/config/nearest.h"

namespace diffbench::config {
namespace {

using nlohmann::json;

[[noreturn]] void fail(std::string_view where, std::string_view key, std::string_view message) {
  throw InputError(std::string(where) + ": " + std::string(key) + ": " + std::string(message));
}

bool is_finite_number(const json& value) { return value.is_number() && std::isfinite(value.get<double>()); }

bool is_integer(const json& value) {
  if (value.is_number_unsigned()) {
    return value.get<uint64_t>() <= static_cast<uint64_t>(std::numeric_limits<int64_t>::max());
  }
  return value.is_number_integer();
}

bool has_type(const json& value, ParamType type) {
  const auto all = [&](auto predicate) {
    return value.is_array() && std::all_of(value.begin(), value.end(), predicate);
  };
  switch (type) {
    case ParamType::kBool:
      return value.is_boolean();
    case ParamType::kInteger:
      return is_integer(value);
    case ParamType::kNumber:
      return is_finite_number(value);
    case ParamType::kString:
      return value.is_string();
    case ParamType::kIntegerList:
      return all(is_integer);
    case ParamType::kNumberList:
      return all(is_finite_number);
    case ParamType::kTable:
      return table_of(value).has_value();
  }
  return false;
}

std::string shown(double number) {
  std::ostringstream out;
  out << number;
  return out.str();
}

void check_range(const json& value, const ParamSpec& spec, std::string_view where) {
  const double number = value.get<double>();
  if (spec.minimum && number < *spec.minimum) {
    fail(where, spec.name, "must be at least " + shown(*spec.minimum) + ", got " + value.dump());
  }
  if (spec.maximum && number > *spec.maximum) {
    fail(where, spec.name, "must be at most " + shown(*spec.maximum) + ", got " + value.dump());
  }
}

// the checked value in the type the specification names
json checked(const json& value, const ParamSpec& spec, std::string_view where) {
  if (!has_type(value, spec.type)) {
    fail(where, spec.name,
         "expected " + std::string(name_of(spec.type)) + ", got " +
             value.dump(-1, ' ', false, json::error_handler_t::replace));
  }
  switch (spec.type) {
    case ParamType::kNumber:
      check_range(value, spec, where);
      return value.get<double>();
    case ParamType::kInteger:
      check_range(value, spec, where);
      return value.get<int64_t>();
    case ParamType::kIntegerList:
    case ParamType::kNumberList:
      for (const auto& entry : value) {
        check_range(entry, spec, where);
      }
      return spec.type == ParamType::kNumberList ? json(value.get<std::vector<double>>())
                                                 : json(value.get<std::vector<int64_t>>());
    case ParamType::kString: {
      const auto text = value.get<std::string>();
      if (!spec.choices.empty() && std::find(spec.choices.begin(), spec.choices.end(), text) == spec.choices.end()) {
        fail(where, spec.name, unknown_name("value", text, spec.choices));
      }
      return value;
    }
    case ParamType::kTable:
      return *table_of(value);
    case ParamType::kBool:
      break;
  }
  return value;
}

}  // namespace

std::string_view name_of(ParamType type) {
  switch (type) {
    case ParamType::kBool:
      return "bool";
    case ParamType::kInteger:
      return "integer";
    case ParamType::kNumber:
      return "number";
    case ParamType::kString:
      return "string";
    case ParamType::kIntegerList:
      return "integers";
    case ParamType::kNumberList:
      return "numbers";
    case ParamType::kTable:
      return "table";
  }
  return "?";
}

std::optional<json> table_of(const json& value) {
  if (value.is_object()) return value;
  if (!value.is_string()) return std::nullopt;
  const auto& text = value.get_ref<const std::string&>();
  const auto parsed = json::parse(text.empty() ? "{}" : text, nullptr, false);
  return parsed.is_object() ? std::optional(parsed) : std::nullopt;
}

json resolve_params(const json& given, const std::vector<ParamSpec>& specs, std::string_view where) {
  if (!given.is_object() && !given.is_null()) {
    throw InputError(std::string(where) + ": parameters must be a table of keys and values");
  }
  std::vector<std::string> names;
  for (const auto& spec : specs) {
    names.push_back(spec.name);
  }
  for (const auto& item : given.items()) {
    if (std::find(names.begin(), names.end(), item.key()) == names.end()) {
      fail(where, item.key(), unknown_name("parameter", item.key(), names));
    }
  }
  json resolved = json::object();
  for (const auto& spec : specs) {
    if (given.contains(spec.name)) {
      resolved[spec.name] = checked(given.at(spec.name), spec, where);
    } else if (spec.default_value.is_null()) {
      fail(where, spec.name, "required (" + std::string(name_of(spec.type)) + "): " + spec.description);
    } else {
      resolved[spec.name] = checked(spec.default_value, spec, where);
    }
  }
  return resolved;
}

json params_from_flags(const std::vector<std::string>& assignments, std::string_view flag) {
  json params = json::object();
  for (const auto& assignment : assignments) {
    const size_t equals = assignment.find('=');
    if (equals == std::string::npos || equals == 0) {
      fail(flag, assignment, "expected key=value");
    }
    const auto key = assignment.substr(0, equals);
    const auto text = assignment.substr(equals + 1);
    if (params.contains(key)) {
      fail(flag, key, "given twice");
    }
    const json value = json::parse(text, nullptr, /*allow_exceptions=*/false);
    params[key] = value.is_discarded() ? json(text) : value;
  }
  return params;
}

}  // namespace diffbench::config
