#pragma once
// A batch into a network: its labels, or its text.
//
//   backbones::Hidden hidden = embed_batch(backbone, batch);
//
// Named "embed" in profiles. InputError for a network of text-to-image without a text.

#include "methods/backbones/backbone.h"
#include "methods/sampling/batch.h"

namespace diffbench {

inline backbones::Hidden embed_batch(backbones::Backbone& backbone, const Batch& batch) {
  if (backbone.takes_text() && !batch.context.defined()) backbones::refuse_text();
  const profiling::Scope scope(profiling::Phase::kEmbed, "embed", {.rows = batch.x.size(0)});
  return batch.context.defined() ? backbone.embed_text(batch.x, batch.t, batch.context)
                                 : backbone.embed(batch.x, batch.t, batch.labels);
}

}  // namespace diffbench
