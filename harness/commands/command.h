#pragma once
// A subcommand of the program and its options, as CLI11 has them, without CLI11's headers: each file that reads those
// compiles for four seconds more, or eight. command.cpp reads them for all.
//
//   Command command = program.add_subcommand("merge", "several results files into one, each run once");
//   command.add_option("-o,--output", options->output, "file to write").required();
//   command.add_option("--steps", options->steps, "solver steps").capture_default_str().at_least(1);
//   command.callback([options] { merge(*options); });
//
// Both are handles: copies speak of the same thing, which lives as long as the program's CLI::App.

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace diffbench::commands {

class Option {
 public:
  explicit Option(CLI::Option* option) : option_(option) {}

  Option required(bool is_required = true) const;
  Option capture_default_str() const;  // --help shows what the variable holds now
  Option default_str(const std::string& text) const;
  Option at_least(std::int64_t least) const;  // a whole number from there on
  Option positive() const;
  Option one_of(const std::vector<std::string>& words) const;
  Option delimiter(char separator) const;  // of values in one argument
  Option expected(int count) const;
  Option needs(const Option& other) const;
  Option excludes(const Option& other) const;
  Option hidden() const;  // from --help

  std::string name() const;  // "--steps"
  void demand() const;       // the error of a required option where it was not given

 private:
  CLI::Option* option_;
};

class Command {
 public:
  Command(CLI::App& app) : app_(&app) {}  // NOLINT(google-explicit-constructor): tests hand their App on

  Command add_subcommand(const std::string& name, const std::string& description) const;
  // Of the types that command.cpp lists: texts, numbers, those as std::optional, and lists of them.
  template <typename Value>
  Option add_option(const std::string& names, Value& value, const std::string& description) const;
  Option add_flag(const std::string& names, bool& value, const std::string& description) const;
  // called while the command line is read
  Option add_list(const std::string& names, const std::function<void(const std::vector<std::string>&)>& take,
                  const std::string& description) const;
  Option option(const std::string& name) const;
  std::vector<Option> options() const;  // in the order in which they were added
  void footer(const std::string& text) const;
  void callback(const std::function<void()>& work) const;

 private:
  CLI::App* app_;
};

}  // namespace diffbench::commands
