#include "harness/measure/stored_rows.h"

#include <ATen/ATen.h>

#include <algorithm>

namespace diffbench::measure {
namespace {

struct Piece {
  int shard = 0;
  int64_t first = 0;
  int64_t count = 0;
};

class StoredRows : public quality::RowSource {
 public:
  using Read = std::function<at::Tensor(const Piece&)>;  // [count, ...]

  StoredRows(std::vector<Piece> pieces, Read read) : pieces_(std::move(pieces)), read_(std::move(read)) {}

  int64_t count() const override { return pieces_.back().first + pieces_.back().count; }

  at::Tensor rows(int64_t first, int64_t wanted) const override {
    std::vector<at::Tensor> parts;
    for (const Piece& piece : pieces_) {
      const int64_t begin = std::max(first, piece.first);
      const int64_t end = std::min(first + wanted, piece.first + piece.count);
      if (begin < end) parts.push_back(whole(piece).narrow(0, begin - piece.first, end - begin));
    }
    return at::cat(parts);
  }

 private:
  const at::Tensor& whole(const Piece& piece) const {
    if (held_shard_ != piece.shard) {
      held_ = read_(piece);
      held_shard_ = piece.shard;
    }
    return held_;
  }

  std::vector<Piece> pieces_;  // follow on each other from sample 0
  Read read_;
  mutable int held_shard_ = -1;  // neighbouring blocks lie in one shard
  mutable at::Tensor held_;
};

}  // namespace

quality::RowsPtr stored_rows(const results::Store& store, int64_t cell, int extractor, results::ShardNumbers which) {
  std::vector<Piece> pieces;
  for (const auto& row : store.feature_shards(cell, extractor)) {
    pieces.push_back({.shard = row.shard, .first = row.first_sample, .count = row.sample_count});
  }
  if (pieces.empty() || store.shard_numbers(cell, extractor, pieces.front().shard, which).empty()) return nullptr;
  return std::make_shared<StoredRows>(std::move(pieces), [&store, cell, extractor, which](const Piece& piece) {
    auto numbers = store.shard_numbers(cell, extractor, piece.shard, which);
    return at::from_blob(numbers.data(), {piece.count, static_cast<int64_t>(numbers.size()) / piece.count}, at::kFloat)
        .clone();
  });
}

quality::RowsPtr stored_images(const results::Store& store, int64_t cell) {
  std::vector<Piece> pieces;
  std::vector<int64_t> shape;
  for (const auto& row : store.image_shards(cell)) {
    pieces.push_back({.shard = row.shard, .first = row.first_sample, .count = row.sample_count});
    shape = {row.channels, row.height, row.width};
  }
  if (pieces.empty()) return nullptr;
  return std::make_shared<StoredRows>(std::move(pieces), [&store, cell, shape](const Piece& piece) {
    auto pixels = store.shard_pixels(cell, piece.shard);
    return at::from_blob(pixels.data(), {piece.count, shape[0], shape[1], shape[2]}, at::kByte).clone();
  });
}

}  // namespace diffbench::measure
