#include "harness/quality/evidence.h"

#include <ATen/ATen.h>

#include <algorithm>

namespace diffbench::quality {
namespace {

class TensorRows : public RowSource {
 public:
  explicit TensorRows(at::Tensor rows) : rows_(std::move(rows)) {}
  int64_t count() const override { return rows_.size(0); }
  at::Tensor rows(int64_t first, int64_t count) const override { return rows_.narrow(0, first, count); }
  at::Tensor at_places(std::span<const int64_t> places) const override {
    return rows_.index_select(0, at::tensor(at::ArrayRef<int64_t>(places.data(), places.size()), at::kLong));
  }

 private:
  at::Tensor rows_;
};

class ChosenRows : public RowSource {
 public:
  ChosenRows(RowsPtr source, std::vector<int64_t> places) : source_(std::move(source)), places_(std::move(places)) {}
  int64_t count() const override { return static_cast<int64_t>(places_.size()); }

  at::Tensor rows(int64_t first, int64_t count) const override {
    return source_->at_places(std::span(places_).subspan(static_cast<size_t>(first), static_cast<size_t>(count)));
  }

 private:
  RowsPtr source_;
  std::vector<int64_t> places_;
};

}  // namespace

at::Tensor RowSource::at_places(std::span<const int64_t> places) const {
  std::vector<at::Tensor> parts;
  for (const int64_t place : places) parts.push_back(rows(place, 1));
  return at::cat(parts);
}

RowsPtr rows_of(at::Tensor rows) { return std::make_shared<TensorRows>(std::move(rows)); }

RowsPtr chosen_rows(RowsPtr source, std::vector<int64_t> places) {
  return std::make_shared<ChosenRows>(std::move(source), std::move(places));
}

void for_each_block(const RowSource& rows, int64_t block,
                    const std::function<void(int64_t first, const at::Tensor& values)>& use) {
  for (int64_t first = 0; first < rows.count(); first += block) {
    use(first, rows.rows(first, std::min(block, rows.count() - first)).to(at::kDouble));
  }
}

at::Tensor Reference::remembered(const std::string& name, const std::function<at::Tensor()>& compute) const {
  auto& kept = memory_[name];
  if (!kept.defined()) kept = compute();
  return kept;
}

}  // namespace diffbench::quality
