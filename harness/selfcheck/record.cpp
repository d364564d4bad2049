#include "harness/selfcheck/record.h"

#include <spdlog/fmt/fmt.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>

namespace diffbench::selfcheck {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

json read_all() {
  std::ifstream in(record_path());
  json all = json::parse(in, nullptr, false);
  return all.is_object() ? all : json::object();
}

std::string percent(const json& effect) {
  return effect.is_number() ? fmt::format("{:.3g} %", 100 * effect.get<double>()) : "nothing under 100 %";
}

}  // namespace

fs::path record_path() {
  if (const char* state = std::getenv("XDG_STATE_HOME"); state != nullptr && *state != '\0') {
    return fs::path(state) / "diffbench" / "selfcheck.json";
  }
  const char* home = std::getenv("HOME");
  return home == nullptr || *home == '\0' ? fs::path() : fs::path(home) / ".local/state/diffbench/selfcheck.json";
}

void keep(const std::string& machine, const json& document) {
  const fs::path file = record_path();
  if (file.empty()) return;
  json all = read_all();
  all[machine] = document;
  fs::create_directories(file.parent_path());
  const fs::path temporary = file.string() + ".writing-" + std::to_string(::getpid());
  std::ofstream(temporary) << all.dump(2) << "\n";
  fs::rename(temporary, file);
}

std::optional<json> recall(const std::string& machine) {
  const json all = read_all();
  return all.contains(machine) ? std::optional(all.at(machine)) : std::nullopt;
}

std::string quote(const json& document) {
  try {
    const auto& compare = document.at("compare");
    const auto& ab = document.at("ab");
    const auto& effects = document.at("smallest_effect");
    return fmt::format(
        "selfcheck of this kind of machine, {}: equal runs called a regression in {} of {} comparisons, by `ab` in {} "
        "of "
        "{}; `ab` sees {} in 1 minute, {} in 5, {} in 20",
        document.at("date").get<std::string>(), compare.at("regressions").get<int64_t>(),
        compare.at("comparisons").get<int64_t>(), ab.at("regressions").get<int64_t>(),
        ab.at("comparisons").get<int64_t>(), percent(effects.at("1")), percent(effects.at("5")),
        percent(effects.at("20")));
  } catch (const json::exception&) {
    return "";
  }
}

}  // namespace diffbench::selfcheck
