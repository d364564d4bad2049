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

 private:
  at::Tensor rows_;
};

class ChosenRows : public RowSource {
 public:
  ChosenRows(RowsPtr source, std::vector<int64_t> places) : source_(std::move(source)), places_(std::move(places)) {}
  int64_t count() const override { return static_cast<int64_t>(places_.size()); }

  at::Tensor rows(int64_t first, int64_t count) const override {
    std::vector<at::Tensor> parts;
    for (int64_t i = first; i < first + count; ++i) {
      parts.push_back(source_->rows(places_[static_cast<size_t>(i)], 1));
    }
    return at::cat(parts);
  }

 private:
  RowsPtr source_;
  std::vector<int64_t> places_;
};

}  // namespace

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
