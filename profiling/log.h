#pragma once
// A list that grows without moving what it holds, so that no append costs more than one block's allocation.
//
//   Log<Activity> log; log.append(activity); log.move_to(profile.activities);

#include <algorithm>
#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

namespace diffbench::profiling {

template <typename T>
class Log {
 public:
  std::size_t size() const { return size_; }

  void append(const T& item) {
    if (size_ == blocks_.size() * kBlockItems) {
      blocks_.push_back(std::make_unique<T[]>(kBlockItems));
    }
    blocks_[size_ / kBlockItems][size_ % kBlockItems] = item;
    ++size_;
  }
  void move_to(std::vector<T>& items) {
    items.reserve(items.size() + size_);
    for (std::size_t begin = 0; begin < size_; begin += kBlockItems) {
      const T* block = blocks_[begin / kBlockItems].get();
      items.insert(items.end(), block, block + std::min(kBlockItems, size_ - begin));
      blocks_[begin / kBlockItems].reset();
    }
    blocks_.clear();
    size_ = 0;
  }

 private:
  static constexpr std::size_t kBlockItems = 2048;

  std::vector<std::unique_ptr<T[]>> blocks_;
  std::size_t size_ = 0;
};

}  // namespace diffbench::profiling
