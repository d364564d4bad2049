#pragma once
// What a results file keeps of judged samples, as the sources that metrics read: one shard in memory at a time.
//
//   quality::RowsPtr features = stored_rows(store, cell, 1, results::ShardNumbers::kFeatures);
//   quality::RowsPtr images = stored_images(store, cell);           // u8 [C, H, W] each
//
// Null where there is none. The store has to outlive them.

#include "harness/quality/evidence.h"
#include "results/store.h"

namespace diffbench::measure {

quality::RowsPtr stored_rows(const results::Store& store, int64_t cell, int extractor, results::ShardNumbers which);
quality::RowsPtr stored_images(const results::Store& store, int64_t cell);

}  // namespace diffbench::measure
