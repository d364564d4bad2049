#pragma once
// Methods from a shared object, added to the table of methods.
//
//   load_plugin("build/libmine.so", "--plugin");         // before method names are checked
//   make_method("mine", {}, context);
//
// Whatever such a method makes reports the shared object among the files that it read (role "plugin").

#include <filesystem>
#include <string>

namespace diffbench::methods {

// InputError that starts with `where` for a file that cannot be loaded, is no plugin, was compiled with other headers
// or another LibTorch, or brings a name that is taken. A file that is loaded already is loaded once.
void load_plugin(const std::filesystem::path& file, const std::string& where);

}  // namespace diffbench::methods
