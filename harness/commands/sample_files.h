#pragma once
// What `sample` reads and writes.
//
//   SampleInputs inputs = read_sample_inputs("noise.safetensors", "", 64, model->network, plan.noise_draws);
//   write_samples("out.npz", samples, labels, model.image);
//
// Files are complete or absent: each is written to a temporary and renamed.

#include <ATen/core/Tensor.h>

#include <memory>
#include <string>
#include <vector>

#include "methods/model/model.h"
#include "methods/sampling/batch.h"
#include "methods/sampling/noise.h"

namespace diffbench::commands {

struct SampleInputs {
  at::Tensor noise;       // [N,C,H,W] or undefined: counter-based
  at::Tensor step_noise;  // [K,N,C,H,W] or undefined
  at::Tensor labels;      // [N] int64 or undefined: classes in turn
  at::Tensor context;     // [N,tokens,width] of a text-to-image network, else undefined

  std::unique_ptr<NoiseSource> noise_of(const std::vector<int64_t>& rows, uint64_t seed,
                                        const std::vector<int64_t>& image_shape, const Compute& compute) const;
  Prompt prompt_of(const std::vector<int64_t>& rows, int64_t classes, const Compute& compute) const;
  at::Tensor all_labels(int64_t num, int64_t classes) const;  // undefined for an unconditional network
};

// empty paths: nothing given. InputError when a tensor is missing, misshapen, not finite, or has too few rows or draws.
SampleInputs read_sample_inputs(const std::string& noise_file, const std::string& labels_file, int64_t num,
                                const backbones::Network& network, int draws_needed);

// the texts' features of --context: `context` [N,tokens,width] with N >= num, and `null_context` [tokens,width], the
// features of an empty text, where the file has it. Both undefined for a network without text, whose file is an error,
// as is a missing one for the others.
struct TextInputs {
  at::Tensor context;
  at::Tensor null_context;
};
TextInputs read_text(const std::string& file, int64_t num, const Model& model);

// InputError unless `out` ends in .npz or .safetensors or is (or can become) a folder
void check_output(const std::string& out);
// InputError unless a file can stand there; asked before any work that would be lost
void check_file_output(const std::string& flag, const std::string& out);
// the same, and that it ends in .safetensors
void check_tensor_output(const std::string& flag, const std::string& out);

// folder: NNNNNN.png each; .npz: uint8 NHWC `arr_0`, labels `arr_1`; .safetensors: `samples` in the state's dtype
void write_samples(const std::string& out, const at::Tensor& samples, const at::Tensor& labels, const ImageSpec& image);

void write_trace(const std::string& out, const std::vector<double>& t, const std::vector<at::Tensor>& x,
                 const std::vector<at::Tensor>& eps);

}  // namespace diffbench::commands
