#include "harness/commands/command.h"

#include <CLI/CLI.hpp>
#include <charconv>
#include <optional>

namespace diffbench::commands {
namespace {

// CLI11's own PositiveNumber answers with 300 digits
CLI::Validator whole_number_from(std::int64_t least) {
  const auto check = [least](const std::string& text) {
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    const bool is_fine = error == std::errc() && end == text.data() + text.size() && value >= least;
    return is_fine ? std::string() : "'" + text + "' is not a whole number from " + std::to_string(least) + " on";
  };
  return {check, "", "at_least"};
}

}  // namespace

Option Option::required(bool is_required) const { return Option(option_->required(is_required)); }
Option Option::capture_default_str() const { return Option(option_->capture_default_str()); }
Option Option::default_str(const std::string& text) const { return Option(option_->default_str(text)); }
Option Option::at_least(std::int64_t least) const { return Option(option_->check(whole_number_from(least))); }
Option Option::positive() const { return Option(option_->check(CLI::PositiveNumber)); }
Option Option::one_of(const std::vector<std::string>& words) const {
  return Option(option_->check(CLI::IsMember(words)));
}
Option Option::delimiter(char separator) const { return Option(option_->delimiter(separator)); }
Option Option::expected(int count) const { return Option(option_->expected(count)); }
Option Option::needs(const Option& other) const { return Option(option_->needs(other.option_)); }
Option Option::excludes(const Option& other) const { return Option(option_->excludes(other.option_)); }
Option Option::hidden() const { return Option(option_->group("")); }

std::string Option::name() const { return option_->get_name(); }
void Option::demand() const {
  if (option_->empty()) throw CLI::RequiredError(name());
}

Command Command::add_subcommand(const std::string& name, const std::string& description) const {
  return *app_->add_subcommand(name, description);
}

template <typename Value>
Option Command::add_option(const std::string& names, Value& value, const std::string& description) const {
  return Option(app_->add_option(names, value, description));
}

#define DIFFBENCH_OPTION_OF(...) \
  template Option Command::add_option(const std::string&, __VA_ARGS__&, const std::string&) const
DIFFBENCH_OPTION_OF(std::string);
DIFFBENCH_OPTION_OF(int);
DIFFBENCH_OPTION_OF(std::int64_t);
DIFFBENCH_OPTION_OF(std::uint64_t);
DIFFBENCH_OPTION_OF(double);
DIFFBENCH_OPTION_OF(std::optional<std::string>);
DIFFBENCH_OPTION_OF(std::optional<int>);
DIFFBENCH_OPTION_OF(std::optional<std::int64_t>);
DIFFBENCH_OPTION_OF(std::optional<double>);
DIFFBENCH_OPTION_OF(std::vector<std::string>);
DIFFBENCH_OPTION_OF(std::vector<double>);
DIFFBENCH_OPTION_OF(std::vector<int>);
#undef DIFFBENCH_OPTION_OF

Option Command::add_flag(const std::string& names, bool& value, const std::string& description) const {
  return Option(app_->add_flag(names, value, description));
}

Option Command::add_list(const std::string& names, const std::function<void(const std::vector<std::string>&)>& take,
                         const std::string& description) const {
  return Option(app_->add_option_function<std::vector<std::string>>(names, take, description));
}

Option Command::option(const std::string& name) const { return Option(app_->get_option(name)); }
std::vector<Option> Command::options() const {
  std::vector<Option> all;
  for (CLI::Option* option : app_->get_options()) all.emplace_back(option);
  return all;
}

void Command::footer(const std::string& text) const { app_->footer(text); }
void Command::callback(const std::function<void()>& work) const { app_->callback(work); }

}  // namespace diffbench::commands
