#pragma once
// THE table of methods.
//
//   for (const MethodEntry& entry : method_table()) { ... }
//   auto denoiser = make_method("duodiff", {{"switch_t", 500}}, context);

#include <deque>

#include "methods/method.h"

namespace diffbench::methods {

const std::deque<MethodEntry>& method_table();
std::vector<std::string> method_names();
bool has_method(const std::string& name);

// for plugins (plugin/load_plugin.h); a name that is new
void add_method(MethodEntry entry);

// InputError that names the nearest method
const MethodEntry& find_method(const std::string& name, const std::string& where);

// checks `given` against the method's parameters and fills in defaults; InputErrors start with context.where
std::unique_ptr<Denoiser> make_method(const std::string& name, const nlohmann::json& given,
                                      const MethodContext& context);

// `given` with the method's defaults filled in, checked; InputErrors start with `where`
nlohmann::json resolve_method_params(const std::string& name, const nlohmann::json& given, const std::string& where);

// InputError, starting with `where`, where `inner` runs alone only
void check_inner_method(const std::string& outer, const std::string& inner, const std::string& where);
// where the method may stand in others, and what may stand in it, in words
std::string composes_with(const MethodEntry& entry);

}  // namespace diffbench::methods
