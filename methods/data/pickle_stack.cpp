#include "methods/data/pickle_stack.h"

namespace diffbench::data {
namespace {

constexpr std::string_view kOrderedDict = "collections.OrderedDict";

}  // namespace

PickleStack::PickleStack(const ByteReader& in, std::string_view file, const GlobalFilter& allowed)
    : in_(in), file_(file), allowed_(allowed) {
  none_ = make(PickleKind::none);
  false_ = make(PickleKind::boolean);
  true_ = make(PickleKind::boolean);
  true_->integer = 1;
}

void PickleStack::fail(const std::string& message) const {
  throw bad_file(file_, "damaged pickle at byte " + std::to_string(in_.position()) + ": " + message);
}

Pickle PickleStack::finish() {
  pickle_.root = top();
  return std::move(pickle_);
}

PickleValue* PickleStack::mutable_top() const {
  if (stack_.size() <= floor()) {
    fail("the stack is empty");
  }
  return stack_.back();
}

void PickleStack::pop() {
  mutable_top();
  stack_.pop_back();
}

std::vector<const PickleValue*> PickleStack::pop_many(size_t count) {
  if (stack_.size() < floor() + count) {
    fail("the stack is empty");
  }
  const auto first = stack_.end() - static_cast<std::ptrdiff_t>(count);
  std::vector<const PickleValue*> values(first, stack_.end());
  stack_.erase(first, stack_.end());
  return values;
}

std::vector<const PickleValue*> PickleStack::pop_to_mark() {
  if (marks_.empty()) {
    fail("no mark");
  }
  auto values = pop_many(stack_.size() - marks_.back());
  marks_.pop_back();
  return values;
}

void PickleStack::push_integer(int64_t value) {
  push_new(PickleKind::integer);
  stack_.back()->integer = value;
}

void PickleStack::push_real(double value) {
  push_new(PickleKind::real);
  stack_.back()->real = value;
}

void PickleStack::push_text(PickleKind kind, std::string_view text) {
  push_new(kind);
  stack_.back()->text = text;
}

void PickleStack::push_items(PickleKind kind, std::vector<const PickleValue*> items) {
  count_items(items.size());
  push_new(kind);
  stack_.back()->items = std::move(items);
}

void PickleStack::push_dict(const std::vector<const PickleValue*>& items) {
  push_new(PickleKind::dict);
  append(PickleKind::dict, items);
}

void PickleStack::push_global(std::string_view module, std::string_view name) {
  const std::string full = std::string(module) + "." + std::string(name);
  if (full != kOrderedDict && !allowed_(full)) {
    throw bad_file(file_, "the pickle refers to " + in_quotes(full) +
                              ", which is refused: only tensors, containers and plain values are read");
  }
  push_text(PickleKind::global, full);
}

void PickleStack::push_call(const PickleValue* callee, std::vector<const PickleValue*> arguments) {
  if (callee->kind != PickleKind::global) {
    fail("a call of something that is not a global");
  }
  if (callee->text != kOrderedDict) {
    push_items(PickleKind::call, std::move(arguments));
    stack_.back()->callee = callee;
    return;
  }
  std::vector<const PickleValue*> items;  // OrderedDict() or OrderedDict([(key, value), ...])
  if (!arguments.empty()) {
    for (const auto* pair : arguments.front()->items) {
      if (pair->items.size() != 2) {
        fail("an OrderedDict of something other than pairs");
      }
      items.insert(items.end(), pair->items.begin(), pair->items.end());
    }
  }
  push_items(PickleKind::dict, std::move(items));
}

void PickleStack::set_state(const PickleValue* state) {
  PickleValue* object = mutable_top();
  if (object->kind != PickleKind::call && object->kind != PickleKind::dict) {
    fail("attributes on something that is not an object");
  }
  if (object->kind == PickleKind::call) object->state = state;  // attributes of a dict: nothing here needs them
}

void PickleStack::append(PickleKind kind, const std::vector<const PickleValue*>& items) {
  PickleValue* container = mutable_top();
  if (container->kind == PickleKind::call) {
    return;  // an opaque object's elements, passed over like its attributes
  }
  if (container->kind != kind || (kind == PickleKind::dict && items.size() % 2 != 0)) {
    fail("elements for something that cannot hold them");
  }
  count_items(items.size());
  container->items.insert(container->items.end(), items.begin(), items.end());
}

void PickleStack::recall(uint64_t index) {
  const auto found = memo_.find(index);
  if (found == memo_.end()) {
    fail("memo " + std::to_string(index) + " was never set");
  }
  stack_.push_back(found->second);
}

PickleValue* PickleStack::make(PickleKind kind) {
  if (pickle_.nodes.size() == kLargestPickleNodes) {
    fail("more than " + std::to_string(kLargestPickleNodes) + " values");
  }
  pickle_.nodes.emplace_back();
  pickle_.nodes.back().kind = kind;
  return &pickle_.nodes.back();
}

// a call copies its arguments, so a few bytes could otherwise repeat a long tuple without end
void PickleStack::count_items(size_t count) {
  item_count_ += count;
  if (item_count_ > 4 * kLargestPickleNodes) {
    fail("containers of more than " + std::to_string(4 * kLargestPickleNodes) + " elements together");
  }
}

}  // namespace diffbench::data
