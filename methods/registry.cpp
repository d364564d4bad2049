#include "methods/registry.h"

#include <algorithm>

#include "methods/config/input_error.h"
#include "methods/config/nearest.h"
#include "methods/sampling/as_eps.h"

// one line per method: the name of its folder and namespace
#define DIFFBENCH_METHODS(METHOD) \
  METHOD(full)                    \
  METHOD(null)                    \
  METHOD(fixed_exit)              \
  METHOD(random_exit)             \
  METHOD(static_schedule)         \
  METHOD(uncertainty_exit)        \
  METHOD(risk_controlled)         \
  METHOD(duodiff)                 \
  METHOD(block_cache)             \
  METHOD(first_block_cache)       \
  METHOD(db_cache)                \
  METHOD(tea_cache)               \
  METHOD(mag_cache)               \
  METHOD(easy_cache)              \
  METHOD(fora)                    \
  METHOD(taylor_seer)             \
  METHOD(layer_mask)              \
  METHOD(token_merge)             \
  METHOD(guidance_reuse)

namespace diffbench::methods {

#define METHOD(name)   \
  namespace name {     \
  MethodEntry entry(); \
  }
DIFFBENCH_METHODS(METHOD)
#undef METHOD

namespace {

// a deque: references to entries stay good when plugins add theirs
std::deque<MethodEntry>& table() {
#define METHOD(name) name::entry(),
  static std::deque<MethodEntry> entries = {DIFFBENCH_METHODS(METHOD)};
#undef METHOD
  return entries;
}

}  // namespace

const std::deque<MethodEntry>& method_table() { return table(); }

void add_method(MethodEntry entry) { table().push_back(std::move(entry)); }

bool has_method(const std::string& name) {
  return std::any_of(table().begin(), table().end(), [&](const MethodEntry& entry) { return entry.name == name; });
}

std::vector<std::string> method_names() {
  std::vector<std::string> names;
  for (const auto& entry : method_table()) {
    names.push_back(entry.name);
  }
  return names;
}

const MethodEntry& find_method(const std::string& name, const std::string& where) {
  for (const auto& entry : method_table()) {
    if (entry.name == name) {
      return entry;
    }
  }
  throw config::InputError(where + ": " + config::unknown_name("method", name, method_names()));
}

void check_inner_method(const std::string& outer, const std::string& inner, const std::string& where) {
  const auto& reason = find_method(inner, where).alone;
  if (!reason.empty()) throw config::InputError(where + ": " + inner + " cannot run inside " + outer + ": " + reason);
}

std::string composes_with(const MethodEntry& entry) {
  if (!entry.alone.empty()) return "no other method: " + entry.alone;
  std::string text = "inside";
  for (const auto& outer : method_table()) {
    for (const auto& parameter : outer.inner_methods) text += " " + outer.name + "." + parameter;
  }
  for (const auto& parameter : entry.inner_methods) text += "; " + parameter + " takes any method";
  return text;
}

std::unique_ptr<Denoiser> make_method(const std::string& name, const nlohmann::json& given,
                                      const MethodContext& context) {
  auto method = find_method(name, context.where).make(resolve_method_params(name, given, context.where), context);
  return as_eps(std::move(method), *context.model);
}

nlohmann::json resolve_method_params(const std::string& name, const nlohmann::json& given, const std::string& where) {
  return config::resolve_params(given, find_method(name, where).params, where);
}

std::string_view name_of(Decides decides) {
  return decides == Decides::kTime ? "time" : decides == Decides::kRow ? "row" : "batch";
}

}  // namespace diffbench::methods
