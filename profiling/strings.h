#pragma once
// Names as small numbers, in the three ways in which a profile meets them.
//
//   StringTable table;  const std::uint32_t id = table.intern("aten::addmm");   // several threads
//   StringIndex index(profile.strings);  index.intern("ampere_gemm");           // one thread, onto a list that exists
//   NameCache cache;  const auto& entry = cache.find("aten::addmm", table);     // one thread, hot

#include <array>
#include <cstdint>
#include <cstring>
#include <deque>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace diffbench::profiling {

class StringTable {
 public:
  std::uint32_t intern(std::string_view text) {
    const std::lock_guard lock(mutex_);
    if (const auto found = ids_.find(text); found != ids_.end()) {
      return found->second;
    }
    const auto id = static_cast<std::uint32_t>(texts_.size());
    ids_.emplace(texts_.emplace_back(text), id);
    return id;
  }
  // stays where it is for the table's life
  const std::string& text(std::uint32_t id) {
    const std::lock_guard lock(mutex_);
    return texts_[id];
  }
  std::vector<std::string> texts() {
    const std::lock_guard lock(mutex_);
    return {texts_.begin(), texts_.end()};
  }

 private:
  std::mutex mutex_;
  std::deque<std::string> texts_;
  std::unordered_map<std::string_view, std::uint32_t> ids_;  // views of texts_
};

class StringIndex {
 public:
  explicit StringIndex(std::vector<std::string>& texts) : texts_(texts) {
    for (const std::string& text : texts) {
      ids_.emplace(text, ids_.size());
    }
  }
  std::uint32_t intern(std::string_view text) {
    const auto [found, is_new] = ids_.try_emplace(std::string(text), texts_.size());
    if (is_new) {
      texts_.emplace_back(text);
    }
    return static_cast<std::uint32_t>(found->second);
  }

 private:
  std::vector<std::string>& texts_;
  std::unordered_map<std::string, std::size_t> ids_;
};

// Answers by the address of a name and then compares the letters, as an address may come to hold another name.
class NameCache {
 public:
  struct Entry {
    const char* address = nullptr;
    const std::string* text = nullptr;
    std::uint32_t id = 0;
    bool flag = false;  // what `describe` said
  };

  // `describe` is asked when an address or its name is new: bool()
  template <typename Describe>
  const Entry& find(const char* name, StringTable& table, const Describe& describe) {
    Entry& entry = entries_[(reinterpret_cast<std::uintptr_t>(name) >> 3) % entries_.size()];
    if (entry.address != name || std::strcmp(entry.text->c_str(), name) != 0) [[unlikely]] {
      const std::uint32_t id = table.intern(name);
      entry = {name, &table.text(id), id, describe()};
    }
    return entry;
  }

 private:
  std::array<Entry, 512> entries_{};
};

}  // namespace diffbench::profiling
