#include "harness/measure/round_plan.h"

#include <random>
#include <set>
#include <utility>

namespace diffbench::measure {
namespace {

constexpr int64_t kFirstSample = int64_t{1} << 48;
constexpr uint64_t kSampleMask = (uint64_t{1} << 48) - 1;

// splitmix64 (Steele et al., OOPSLA 2014)
uint64_t mix(uint64_t bits) {
  bits += 0x9e3779b97f4a7c15U;
  bits = (bits ^ (bits >> 30)) * 0xbf58476d1ce4e5b9U;
  bits = (bits ^ (bits >> 27)) * 0x94d049bb133111ebU;
  return bits ^ (bits >> 31);
}

}  // namespace

std::vector<int64_t> round_samples(uint64_t seed, int64_t round, int rank, int batch) {
  const uint64_t stream = mix(mix(mix(seed) ^ static_cast<uint64_t>(round)) ^ static_cast<uint64_t>(rank));
  std::vector<int64_t> samples;
  std::set<int64_t> seen;
  for (uint64_t i = 0; samples.size() < static_cast<size_t>(batch); ++i) {
    const auto sample = kFirstSample + static_cast<int64_t>(mix(stream + i) & kSampleMask);
    if (seen.insert(sample).second) {
      samples.push_back(sample);
    }
  }
  return samples;
}

std::vector<size_t> shuffled_groups(std::vector<std::vector<size_t>> groups, uint64_t seed, int64_t round) {
  std::mt19937_64 random(mix(seed) ^ static_cast<uint64_t>(round));
  const auto shuffle = [&](auto& items) {  // Fisher-Yates; std::shuffle differs between libraries
    for (size_t i = items.size(); i > 1; --i) {
      std::swap(items[i - 1], items[random() % i]);
    }
  };
  for (auto& group : groups) {
    shuffle(group);
  }
  shuffle(groups);
  std::vector<size_t> order;
  for (const auto& group : groups) {
    order.insert(order.end(), group.begin(), group.end());
  }
  return order;
}

}  // namespace diffbench::measure
