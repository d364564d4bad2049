#pragma once
// A TOML table read strictly: every error names file, line and key, and keys nobody asked for are errors.
//
//   TomlTable model = TomlTable::parse_file("model.toml");
//   model.allow_only({"noise"});                                // first: a misspelt key is not called a missing one
//   TomlTable noise = model.table("noise");
//   noise.allow_only({"train_steps", "schedule"});
//   int steps = noise.get<int64_t>("train_steps");              // required
//   std::string kind = noise.get_or<std::string>("schedule", "linear");
//
// Where the valid keys depend on what the table says, reject_unknown_keys() at the end refuses what nobody read.
// Copies are cheap and share what was read. Not thread-safe.

#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace diffbench::config {

class TomlTable {
 public:
  // throws InputError "<path>: ..." when unreadable, "<path>:<line>: ..." when it is not TOML
  static TomlTable parse_file(const std::filesystem::path& path);
  static TomlTable parse(std::string_view text, std::string file_name);

  // Throws InputError naming the first key that is none of these, and the nearest of them. From then on to ask for
  // another key is a std::logic_error, so the list cannot lag behind the code that reads.
  void allow_only(std::vector<std::string> keys) const;

  bool has(std::string_view key) const;

  // T: int64_t, double (integers widen), bool, std::string, std::vector<double>, std::vector<int64_t>,
  // std::vector<std::string>; throws InputError when the key is missing (or an unread key of the table that resembles
  // it is there instead) or holds something else
  template <typename T>
  T get(std::string_view key) const;
  template <typename T>
  T get_or(std::string_view key, T fallback) const {
    return has(key) ? get<T>(key) : fallback;
  }

  TomlTable table(std::string_view key) const;                // [key]; required
  TomlTable table_or_empty(std::string_view key) const;       // [key], or a table without keys
  std::vector<TomlTable> tables(std::string_view key) const;  // [[key]]; empty if absent

  nlohmann::json json(std::string_view key) const;  // any value as JSON
  std::vector<std::string> keys() const;
  // every key that has not been read yet, as one JSON object; marks them as read
  nlohmann::json remaining_as_json() const;

  void reject_unknown_keys() const;
  // for a required key that is not there
  [[noreturn]] void fail_missing(std::string_view key, std::string_view wanted) const;

  const std::string& file() const;
  // throws InputError "file:line: key: message", the line being that of `key`, or of the table when it has no such key
  [[noreturn]] void fail(std::string_view key, std::string_view message) const;
  // the "file:line: key" that fail() starts with, for errors found later
  std::string place_of(std::string_view key) const;

 private:
  struct State;
  explicit TomlTable(std::shared_ptr<State> state) : state_(std::move(state)) {}
  std::shared_ptr<State> state_;
};

}  // namespace diffbench::config
