#include "methods/config/toml_table.h"

#include <toml++/toml.h>

#include <algorithm>
#include <fstream>
#include <set>
#include <sstream>

#include "methods/config/input_error.h"
#include "methods/config/nearest.h"

namespace diffbench::config {

struct TomlTable::State {
  std::shared_ptr<toml::table> root;  // owns every node below
  const toml::table* table = nullptr;
  std::string file;
  std::string path;  // "backbone", "method[2]": where this table stands in the file
  std::set<std::string, std::less<>> read;
  std::vector<std::string> allowed;  // empty: the reader did not say
};

namespace {

nlohmann::json to_json(const toml::node& node) {
  if (const auto* table = node.as_table()) {
    auto object = nlohmann::json::object();
    for (const auto& [key, value] : *table) {
      object[std::string(key.str())] = to_json(value);
    }
    return object;
  }
  if (const auto* array = node.as_array()) {
    auto list = nlohmann::json::array();
    for (const auto& value : *array) {
      list.push_back(to_json(value));
    }
    return list;
  }
  if (const auto* text = node.as_string()) {
    return text->get();
  }
  if (const auto* integer = node.as_integer()) {
    return integer->get();
  }
  if (const auto* real = node.as_floating_point()) {
    return real->get();
  }
  if (const auto* flag = node.as_boolean()) {
    return flag->get();
  }
  std::ostringstream text;  // dates and times: as they are written
  node.visit([&](const auto& value) {
    if constexpr (toml::is_date<decltype(value)> || toml::is_time<decltype(value)> ||
                  toml::is_date_time<decltype(value)>) {
      text << value;
    }
  });
  return text.str();
}

// messages are one line, whatever quoted keys and values hold
std::string one_line(std::string text) {
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text;
}

template <typename T>
constexpr const char* kTypeName = nullptr;
template <>
constexpr const char* kTypeName<int64_t> = "an integer";
template <>
constexpr const char* kTypeName<double> = "a number";
template <>
constexpr const char* kTypeName<bool> = "true or false";
template <>
constexpr const char* kTypeName<std::string> = "a string";
template <>
constexpr const char* kTypeName<std::vector<double>> = "an array of numbers";
template <>
constexpr const char* kTypeName<std::vector<int64_t>> = "an array of integers";
template <>
constexpr const char* kTypeName<std::vector<std::string>> = "an array of strings";

template <typename T>
struct Convert {
  static std::optional<T> from(const toml::node& node) {
    if constexpr (std::is_same_v<T, double>) {
      return node.is_number() ? node.value<double>() : std::nullopt;
    } else {
      return node.value_exact<T>();
    }
  }
};

template <typename T>
struct Convert<std::vector<T>> {
  static std::optional<std::vector<T>> from(const toml::node& node) {
    const auto* array = node.as_array();
    if (array == nullptr) {
      return std::nullopt;
    }
    std::vector<T> values;
    for (const auto& element : *array) {
      auto value = Convert<T>::from(element);
      if (!value) {
        return std::nullopt;
      }
      values.push_back(std::move(*value));
    }
    return values;
  }
};

}  // namespace

TomlTable TomlTable::parse_file(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in || std::filesystem::is_directory(path)) {
    throw InputError(path.string() + ": cannot read this file");
  }
  std::ostringstream text;
  text << in.rdbuf();
  return parse(text.str(), path.string());
}

TomlTable TomlTable::parse(std::string_view text, std::string file_name) {
  auto state = std::make_shared<State>();
  state->file = std::move(file_name);
  try {
    state->root = std::make_shared<toml::table>(toml::parse(text, state->file));
  } catch (const toml::parse_error& error) {
    std::ostringstream line;
    line << state->file << ":" << error.source().begin.line << ": not valid TOML: " << error.description();
    throw InputError(one_line(line.str()));
  }
  state->table = state->root.get();
  return TomlTable(std::move(state));
}

void TomlTable::allow_only(std::vector<std::string> keys) const {
  for (const auto& key : this->keys()) {
    if (std::find(keys.begin(), keys.end(), key) == keys.end()) {
      fail(key, unknown_name("key", key, keys));
    }
  }
  state_->allowed = std::move(keys);
}

bool TomlTable::has(std::string_view key) const {
  const auto& allowed = state_->allowed;
  if (!allowed.empty() && std::find(allowed.begin(), allowed.end(), key) == allowed.end()) {
    throw std::logic_error("key '" + std::string(key) + "' is read but was not allowed");
  }
  state_->read.emplace(key);
  return state_->table->contains(key);
}

template <typename T>
T TomlTable::get(std::string_view key) const {
  if (!has(key)) {
    fail_missing(key, std::string(kTypeName<T>) + " is needed");
  }
  auto value = Convert<T>::from(*state_->table->get(key));
  if (!value) {
    fail(key, std::string("must be ") + kTypeName<T>);
  }
  return std::move(*value);
}

template int64_t TomlTable::get(std::string_view) const;
template double TomlTable::get(std::string_view) const;
template bool TomlTable::get(std::string_view) const;
template std::string TomlTable::get(std::string_view) const;
template std::vector<double> TomlTable::get(std::string_view) const;
template std::vector<int64_t> TomlTable::get(std::string_view) const;
template std::vector<std::string> TomlTable::get(std::string_view) const;

TomlTable TomlTable::table(std::string_view key) const {
  if (!has(key)) {
    fail_missing(key, "a table is needed");
  }
  const auto* child = state_->table->get(key)->as_table();
  if (child == nullptr) {
    fail(key, "must be a table");
  }
  auto state = std::make_shared<State>();
  state->root = state_->root;
  state->table = child;
  state->file = state_->file;
  state->path = state_->path.empty() ? std::string(key) : state_->path + "." + std::string(key);
  return TomlTable(std::move(state));
}

TomlTable TomlTable::table_or_empty(std::string_view key) const {
  if (has(key)) {
    return table(key);
  }
  TomlTable empty = parse("", state_->file);
  empty.state_->path = state_->path.empty() ? std::string(key) : state_->path + "." + std::string(key);
  return empty;
}

std::vector<TomlTable> TomlTable::tables(std::string_view key) const {
  std::vector<TomlTable> result;
  if (!has(key)) {
    return result;
  }
  const auto* array = state_->table->get(key)->as_array();
  if (array == nullptr) {
    fail(key, "must be an array of tables, written [[" + std::string(key) + "]]");
  }
  for (const auto& element : *array) {
    const auto* child = element.as_table();
    if (child == nullptr) {
      fail(key, "must be an array of tables, written [[" + std::string(key) + "]]");
    }
    auto state = std::make_shared<State>();
    state->root = state_->root;
    state->table = child;
    state->file = state_->file;
    state->path =
        (state_->path.empty() ? "" : state_->path + ".") + std::string(key) + "[" + std::to_string(result.size()) + "]";
    result.push_back(TomlTable(std::move(state)));
  }
  return result;
}

nlohmann::json TomlTable::json(std::string_view key) const {
  if (!has(key)) {
    fail_missing(key, "a value is needed");
  }
  return to_json(*state_->table->get(key));
}

std::vector<std::string> TomlTable::keys() const {
  std::vector<std::string> result;
  for (const auto& entry : *state_->table) {
    result.emplace_back(entry.first.str());
  }
  return result;
}

nlohmann::json TomlTable::remaining_as_json() const {
  auto object = nlohmann::json::object();
  for (const auto& key : keys()) {
    if (!state_->read.contains(key)) {
      object[key] = json(key);
    }
  }
  return object;
}

void TomlTable::reject_unknown_keys() const {
  for (const auto& key : keys()) {
    if (!state_->read.contains(key)) {
      fail(key, unknown_name("key", key, {state_->read.begin(), state_->read.end()}));
    }
  }
}

const std::string& TomlTable::file() const { return state_->file; }

std::string TomlTable::place_of(std::string_view key) const {
  const auto* node = state_->table->get(key);
  const auto line = node != nullptr ? node->source().begin.line : state_->table->source().begin.line;
  std::ostringstream text;
  text << state_->file;
  if (line > 0) {
    text << ":" << line;
  }
  text << ": " << (state_->path.empty() ? "" : "[" + state_->path + "] ") << key;
  return text.str();
}

void TomlTable::fail_missing(std::string_view key, std::string_view wanted) const {
  for (const auto& other : keys()) {
    if (state_->allowed.empty() && !state_->read.contains(other) && resembles(other, key)) {
      fail(other, "unknown key '" + other + "'; did you mean '" + std::string(key) + "', which is missing?");
    }
  }
  fail(key, "missing; " + std::string(wanted));
}

void TomlTable::fail(std::string_view key, std::string_view message) const {
  throw InputError(one_line(place_of(key) + ": " + std::string(message)));
}

}  // namespace diffbench::config
