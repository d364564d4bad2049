#pragma once
// What a feature network is given: THE table of input modes, one for each tool whose numbers ours shall equal.
//
//   const InputMode& mode = find_input_mode("clean_fid", "--mode");
//   at::Tensor input = mode.convert(images);              // u8 [N, C, H, W] on any device -> what the network takes
//   ChosenMode chosen = choose_mode("clean_fid+bf16", "--mode");   // the same, the network in bfloat16
//
// Tools that feed one network with the same images disagree, because each resizes and normalises in its own way: a mode
// is that way, by the name of the tool that it is taken from. A mode is one function and one line in input_mode.cpp.
// On a GPU, TF32 has to be off. Any number of threads.

#include <ATen/core/Tensor.h>

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace diffbench::quality {

struct InputMode {
  std::string_view name;
  std::string_view summary;  // what becomes of the pixels
  std::string_view output;   // what the tool reads from the network
  std::string_view source;   // whose code it follows
  // gives normalised [N, 3, 299, 299], from 1 or 3 channels, that no network may resize or normalise again
  bool prepared = true;
  at::Tensor (*convert)(const at::Tensor& u8);  // contiguous u8 [N, C, H, W]; every row for itself
};

std::span<const InputMode> input_modes();
std::vector<std::string> input_mode_names();

// InputError, starting with `where` (a flag, or file, line and key), for an unknown name
const InputMode& find_input_mode(std::string_view name, const std::string& where);

// The precision belongs to a mode's name, and so to every value: what bfloat16 computed never shares a column with
// float32.
inline constexpr std::string_view kBf16Suffix = "+bf16";

struct ChosenMode {
  const InputMode* input = nullptr;
  bool in_bf16 = false;
  std::string name() const;  // as choose_mode takes it
};

// NAME or NAME+bf16; InputError as above
ChosenMode choose_mode(std::string_view name, const std::string& where);

}  // namespace diffbench::quality
