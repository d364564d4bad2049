#include "methods/data/pickle.h"

#include <algorithm>
#include <bit>
#include <charconv>

#include "methods/data/byte_reader.h"
#include "methods/data/pickle_stack.h"

namespace diffbench::data {
namespace {

// Decodes opcodes as Python's Lib/pickle.py defines them and drives the stack.
class Machine {
 public:
  Machine(std::span<const std::byte> bytes, std::string_view file, const GlobalFilter& allowed)
      : in_(bytes, file), stack_(in_, file, allowed) {}

  Pickle run() {
    for (;;) {
      const auto opcode = in_.little_endian<uint8_t>();
      if (opcode == '.') {
        break;
      }
      if (!step_number(opcode) && !step_text(opcode) && !step_container(opcode) && !step_object(opcode) &&
          !step_machine(opcode)) {
        stack_.fail("opcode " + std::to_string(opcode) + " is not supported");
      }
    }
    return stack_.finish();
  }

 private:
  bool step_number(uint8_t opcode) {
    switch (opcode) {
      case 'N':
        stack_.push_none();
        return true;
      case 0x88:
        stack_.push_boolean(true);
        return true;
      case 0x89:
        stack_.push_boolean(false);
        return true;
      case 'J':
        stack_.push_integer(static_cast<int32_t>(in_.little_endian<uint32_t>()));
        return true;
      case 'K':
        stack_.push_integer(in_.little_endian<uint8_t>());
        return true;
      case 'M':
        stack_.push_integer(in_.little_endian<uint16_t>());
        return true;
      case 0x8a:
        push_long(in_.little_endian<uint8_t>());
        return true;
      case 0x8b:
        push_long(in_.little_endian<uint32_t>());
        return true;
      case 'G':
        stack_.push_real(std::bit_cast<double>(in_.big_endian<uint64_t>()));
        return true;
      case 'I':
      case 'L':
        push_decimal(line());
        return true;
      case 'F':
        stack_.push_real(real_of(line()));
        return true;
      default:
        return false;
    }
  }

  bool step_text(uint8_t opcode) {
    switch (opcode) {
      case 'S':
        stack_.push_text(PickleKind::text, without_quotes(line()));
        return true;
      case 'V':
        stack_.push_text(PickleKind::text, line());
        return true;
      case 'U':
      case 0x8c:
        stack_.push_text(PickleKind::text, in_.take_text(in_.little_endian<uint8_t>()));
        return true;
      case 'T':
      case 'X':
        stack_.push_text(PickleKind::text, in_.take_text(in_.little_endian<uint32_t>()));
        return true;
      case 0x8d:
        stack_.push_text(PickleKind::text, in_.take_text(in_.little_endian<uint64_t>()));
        return true;
      case 'C':
        stack_.push_text(PickleKind::bytes, in_.take_text(in_.little_endian<uint8_t>()));
        return true;
      case 'B':
        stack_.push_text(PickleKind::bytes, in_.take_text(in_.little_endian<uint32_t>()));
        return true;
      case 0x8e:
      case 0x96:
        stack_.push_text(PickleKind::bytes, in_.take_text(in_.little_endian<uint64_t>()));
        return true;
      default:
        return false;
    }
  }

  bool step_container(uint8_t opcode) {
    switch (opcode) {
      case ']':
      case 0x8f:
        stack_.push_new(PickleKind::list);
        return true;
      case '}':
        stack_.push_new(PickleKind::dict);
        return true;
      case ')':
        stack_.push_new(PickleKind::tuple);
        return true;
      case 't':
        stack_.push_items(PickleKind::tuple, stack_.pop_to_mark());
        return true;
      case 0x85:
        stack_.push_items(PickleKind::tuple, stack_.pop_many(1));
        return true;
      case 0x86:
        stack_.push_items(PickleKind::tuple, stack_.pop_many(2));
        return true;
      case 0x87:
        stack_.push_items(PickleKind::tuple, stack_.pop_many(3));
        return true;
      case 'l':
      case 0x91:
        stack_.push_items(PickleKind::list, stack_.pop_to_mark());
        return true;
      case 'd':
        stack_.push_dict(stack_.pop_to_mark());
        return true;
      case 'a':
        stack_.append(PickleKind::list, stack_.pop_many(1));
        return true;
      case 'e':
      case 0x90:
        stack_.append(PickleKind::list, stack_.pop_to_mark());
        return true;
      case 's':
        stack_.append(PickleKind::dict, stack_.pop_many(2));
        return true;
      case 'u':
        stack_.append(PickleKind::dict, stack_.pop_to_mark());
        return true;
      default:
        return false;
    }
  }

  bool step_object(uint8_t opcode) {
    switch (opcode) {
      case 'c': {
        const auto module = line();
        stack_.push_global(module, line());
        return true;
      }
      case 0x93: {
        const auto names = stack_.pop_many(2);
        if (names[0]->kind != PickleKind::text || names[1]->kind != PickleKind::text) {
          stack_.fail("a global's name is not text");
        }
        stack_.push_global(names[0]->text, names[1]->text);
        return true;
      }
      case 'i': {
        const auto module = line();
        stack_.push_global(module, line());
        const auto global = stack_.pop_many(1);
        stack_.push_call(global.front(), stack_.pop_to_mark());
        return true;
      }
      case 'o': {
        auto parts = stack_.pop_to_mark();
        if (parts.empty()) {
          stack_.fail("an object without a class");
        }
        const PickleValue* callee = parts.front();
        parts.erase(parts.begin());
        stack_.push_call(callee, std::move(parts));
        return true;
      }
      case 'R':
      case 0x81: {
        const auto parts = stack_.pop_many(2);
        if (parts[1]->kind != PickleKind::tuple) {
          stack_.fail("a call's arguments are not a tuple");
        }
        stack_.push_call(parts[0], parts[1]->items);
        return true;
      }
      case 0x92: {
        const auto parts = stack_.pop_many(3);
        if (parts[1]->kind != PickleKind::tuple) {
          stack_.fail("a call's arguments are not a tuple");
        }
        stack_.push_call(parts[0], parts[1]->items);
        return true;
      }
      case 'b': {
        stack_.set_state(stack_.pop_many(1).front());
        return true;
      }
      case 'Q':
        stack_.push_items(PickleKind::persistent, stack_.pop_many(1));
        return true;
      case 'P': {
        stack_.push_text(PickleKind::text, line());
        stack_.push_items(PickleKind::persistent, stack_.pop_many(1));
        return true;
      }
      default:
        return false;
    }
  }

  bool step_machine(uint8_t opcode) {
    switch (opcode) {
      case 0x80: {
        const auto protocol = in_.little_endian<uint8_t>();
        if (protocol > 5) {
          stack_.fail("protocol " + std::to_string(protocol) + " is not supported");
        }
        return true;
      }
      case 0x95:
        in_.little_endian<uint64_t>();
        return true;  // a frame's length, needed for streaming only
      case '(':
        stack_.mark();
        return true;
      case '0':
        stack_.pop();
        return true;
      case '1':
        stack_.pop_to_mark();
        return true;
      case '2':
        stack_.push_top();
        return true;
      case 'p':
        stack_.memorize(memo_index(line()));
        return true;
      case 'q':
        stack_.memorize(in_.little_endian<uint8_t>());
        return true;
      case 'r':
        stack_.memorize(in_.little_endian<uint32_t>());
        return true;
      case 0x94:
        stack_.memorize_next();
        return true;
      case 'g':
        stack_.recall(memo_index(line()));
        return true;
      case 'h':
        stack_.recall(in_.little_endian<uint8_t>());
        return true;
      case 'j':
        stack_.recall(in_.little_endian<uint32_t>());
        return true;
      default:
        return false;
    }
  }

  // two's complement, little-endian, `size` bytes
  void push_long(size_t size) {
    const auto bytes = in_.take(size);
    if (size > sizeof(int64_t)) {
      stack_.push_new(PickleKind::big_integer);
      return;
    }
    uint64_t value = size > 0 && (bytes.back() & std::byte{0x80}) != std::byte{0} ? ~uint64_t{0} : 0;
    for (size_t i = size; i-- > 0;) {
      value = value << 8 | std::to_integer<uint64_t>(bytes[i]);
    }
    stack_.push_integer(static_cast<int64_t>(value));
  }

  void push_decimal(std::string_view digits) {
    if (digits == "00" || digits == "01") {
      stack_.push_boolean(digits == "01");
      return;
    }
    if (digits.ends_with('L')) {
      digits.remove_suffix(1);
    }
    int64_t value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (error == std::errc::result_out_of_range) {
      stack_.push_new(PickleKind::big_integer);
    } else if (error != std::errc() || end != digits.data() + digits.size()) {
      stack_.fail("not a number: " + in_quotes(digits));
    } else {
      stack_.push_integer(value);
    }
  }

  double real_of(std::string_view digits) const {
    double value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (error != std::errc() || end != digits.data() + digits.size()) {
      stack_.fail("not a number: " + in_quotes(digits));
    }
    return value;
  }

  std::string_view line() {
    const auto rest = in_.peek_text();
    const size_t length = rest.find('\n');
    if (length == std::string_view::npos) {
      stack_.fail("a line without an end");
    }
    const auto text = in_.take_text(length + 1);
    return text.substr(0, length);
  }

  std::string_view without_quotes(std::string_view text) const {
    if (text.size() < 2 || text.front() != text.back() || (text.front() != '\'' && text.front() != '"')) {
      stack_.fail("text without quotes");
    }
    return text.substr(1, text.size() - 2);
  }

  uint64_t memo_index(std::string_view digits) const {
    uint64_t value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (error != std::errc() || end != digits.data() + digits.size()) {
      stack_.fail("not a memo index: " + in_quotes(digits));
    }
    return value;
  }

  ByteReader in_;
  PickleStack stack_;
};

}  // namespace

const PickleValue* PickleValue::find(std::string_view key) const {
  const PickleValue* found = nullptr;
  for (size_t i = 0; kind == PickleKind::dict && i + 1 < items.size(); i += 2) {
    if (items[i]->is_text(key)) {
      found = items[i + 1];
    }
  }
  return found;
}

Pickle parse_pickle(std::span<const std::byte> bytes, std::string_view file, const GlobalFilter& allowed) {
  return Machine(bytes, file, allowed).run();
}

}  // namespace diffbench::data
