#pragma once
// What executes a network's blocks: LibTorch operator by operator (`eager`), or something that compiles a stretch of
// blocks into one piece. Methods do not know: they ask a Backbone for blocks, and a compiled one answers.
//
//   auto model = load_model("fashion_mnist", compute);
//   use_runtime(*model, "openvino");                         // RuntimeMissing, with the reason, where it is not here
//   model->network.backbone->run_blocks(0, 13, hidden);      // one compiled piece
//
// Embedding, heads and bypassed blocks stay with the network itself. A compiled network copies the weights it needs:
// weights that change afterwards (training) do not reach it.

#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "methods/backbones/backbone.h"

namespace diffbench {
struct Compute;
struct Model;
}  // namespace diffbench

namespace diffbench::runtimes {

// a stretch of blocks, ready to run
class CompiledStretch {
 public:
  virtual ~CompiledStretch() = default;
  // as Backbone::run_blocks over the stretch's blocks; takes and keeps long skips in Hidden::skips. Not thread-safe.
  virtual void run(backbones::Hidden& hidden) = 0;
};

class Compiler {
 public:
  virtual ~Compiler() = default;
  // The blocks in order, at least one. rows: how many each call has; 0: any number.
  virtual std::unique_ptr<CompiledStretch> compile(const std::vector<backbones::BlockParts>& blocks, int64_t rows) = 0;
  // What takes the block's long skip alone (Backbone::enter_block), to the last bit as a stretch takes it; null: the
  // network's own does that.
  virtual std::unique_ptr<CompiledStretch> compile_entry(const backbones::BlockParts&) { return nullptr; }
  // one branch of a block, from its normed input (Hidden::tokens) to its output; null: the network's own does that
  virtual std::unique_ptr<CompiledStretch> compile_branch(const backbones::BlockParts&, backbones::Branch,
                                                          int64_t /*rows*/) {
    return nullptr;
  }
  // false: a stretch is no faster than its blocks one by one, which are then compiled once each
  virtual bool joins_blocks() const { return true; }
  // whether what is compiled for a number of rows is faster with it than what takes any
  virtual bool prefers_known_rows() const { return false; }
};

struct RuntimeEntry {
  const char* name;
  const char* summary;
  // why it cannot compute in one of its precisions on this machine; empty: it can
  std::string (*missing)(const std::string& precision);
  std::vector<std::string> precisions;
  // null: the network as LibTorch runs it
  std::unique_ptr<Compiler> (*make)(const Compute& compute);
};

// THE table: one line each in the .cpp
std::span<const RuntimeEntry> runtime_table();
std::vector<std::string> runtime_names();

struct RuntimeMissing : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// Replaces the model's backbone by one that runs its blocks on the named runtime. RuntimeMissing where that cannot be:
// not on this machine, not in this precision or on this device, or not for this kind of network.
void use_runtime(Model& model, const std::string& name);

}  // namespace diffbench::runtimes
