#pragma once
// Reads a Python pickle as data. Nothing in it is ever called, imported or executed: a call becomes a node of the tree
// that says what would be called, and every global that is not on the caller's list is refused by its name.
//
//   Pickle pickle = parse_pickle(bytes, "weights.pth", [](std::string_view name) { return name == "torch.Size"; });
//   if (pickle.root->kind == PickleKind::dict) { const PickleValue* model = pickle.root->find("model"); }
//
// Protocols 0 to 5. Memory is bounded by the pickle's length and kLargestPickleNodes. Values may be shared and may form
// cycles: whoever walks the tree limits its depth. Malformed input is an InputError of one line.

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace diffbench::data {

enum class PickleKind {
  none,
  boolean,      // integer is 0 or 1
  integer,      // integer
  big_integer,  // above 64 bits; the value is not kept
  real,         // real
  text,         // text, UTF-8 as stored
  bytes,        // text
  tuple,        // items
  list,         // items, in order; sets too
  dict,         // items: key, value, key, value, ...; collections.OrderedDict too
  global,       // text: "module.name"
  call,         // callee, items: the arguments
  persistent,   // items[0]: the persistent id
};

struct PickleValue {
  PickleKind kind = PickleKind::none;
  int64_t integer = 0;
  double real = 0;
  std::string text;
  std::vector<const PickleValue*> items;
  const PickleValue* callee = nullptr;
  const PickleValue* state = nullptr;  // of a call: what the pickle sets on the object made; null: nothing

  bool is_text(std::string_view value) const { return kind == PickleKind::text && text == value; }
  // kind is call, of the global `name`
  bool is_call(std::string_view name) const { return kind == PickleKind::call && callee->text == name; }
  // the value of the last text key `key` of a dict, or null
  const PickleValue* find(std::string_view key) const;
};

inline constexpr size_t kLargestPickleNodes = 4'000'000;

struct Pickle {
  std::deque<PickleValue> nodes;  // owns every value; addresses are stable
  const PickleValue* root = nullptr;
};

using GlobalFilter = std::function<bool(std::string_view name)>;

// collections.OrderedDict is always understood; `allowed` decides about every other global
Pickle parse_pickle(std::span<const std::byte> bytes, std::string_view file, const GlobalFilter& allowed);

}  // namespace diffbench::data
