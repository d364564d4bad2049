#pragma once
// The state of the pickle machine: values, a stack of them, marks on the stack and a memo. Every operation checks that
// what it takes is there; methods/data/pickle.cpp drives it opcode by opcode.
//
//   PickleStack stack(in, file, allowed);
//   stack.push_integer(1);
//   stack.push_items(PickleKind::tuple, stack.pop_many(1));
//   Pickle pickle = stack.finish();

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "methods/data/byte_reader.h"
#include "methods/data/pickle.h"

namespace diffbench::data {

class PickleStack {
 public:
  // all three must outlive the stack; `in` tells messages how far the reading has come
  PickleStack(const ByteReader& in, std::string_view file, const GlobalFilter& allowed);

  [[noreturn]] void fail(const std::string& message) const;
  Pickle finish();  // the top of the stack is the root

  const PickleValue* top() const { return mutable_top(); }
  void pop();
  std::vector<const PickleValue*> pop_many(size_t count);
  std::vector<const PickleValue*> pop_to_mark();
  void mark() { marks_.push_back(stack_.size()); }

  void push_new(PickleKind kind) { stack_.push_back(make(kind)); }
  void push_boolean(bool value) { stack_.push_back(value ? true_ : false_); }
  void push_none() { stack_.push_back(none_); }
  void push_top() { stack_.push_back(mutable_top()); }
  void push_integer(int64_t value);
  void push_real(double value);
  void push_text(PickleKind kind, std::string_view text);
  void push_items(PickleKind kind, std::vector<const PickleValue*> items);
  void push_dict(const std::vector<const PickleValue*>& items);
  void push_global(std::string_view module, std::string_view name);
  void push_call(const PickleValue* callee, std::vector<const PickleValue*> arguments);

  // of the object on top of the stack
  void set_state(const PickleValue* state);

  // to the container of this kind on top of the stack
  void append(PickleKind kind, const std::vector<const PickleValue*>& items);

  void memorize(uint64_t index) { memo_[index] = mutable_top(); }
  void memorize_next() { memorize(memo_.size()); }
  void recall(uint64_t index);

 private:
  PickleValue* mutable_top() const;
  PickleValue* make(PickleKind kind);
  void count_items(size_t count);
  size_t floor() const { return marks_.empty() ? 0 : marks_.back(); }  // values below belong to whoever set the mark

  const ByteReader& in_;
  std::string_view file_;
  const GlobalFilter& allowed_;
  Pickle pickle_;
  std::vector<PickleValue*> stack_;
  std::vector<size_t> marks_;
  std::unordered_map<uint64_t, PickleValue*> memo_;
  size_t item_count_ = 0;
  PickleValue* none_;
  PickleValue* false_;
  PickleValue* true_;
};

}  // namespace diffbench::data
