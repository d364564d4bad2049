#include <charconv>
#include <cmath>

#include "profiling/nvtx.h"

namespace diffbench::profiling {
namespace {

constexpr std::size_t kPhaseBytes = 16;
constexpr std::size_t kNameBytes = 64;
constexpr std::size_t kIntegerBytes = 20;  // the longest int64
constexpr std::size_t kRealBytes = 13;     // six digits, sign, point and exponent

class TextWriter {
 public:
  explicit TextWriter(char* text) : begin_(text), at_(text) {}

  void text(std::string_view value, std::size_t room) {
    for (const char c : value.substr(0, room)) {
      *at_++ = c == ';' || c == '=' ? '_' : c;
    }
  }
  void key(char name) {
    if (at_ != begin_) {
      *at_++ = ';';
    }
    *at_++ = name;
    *at_++ = '=';
  }
  void field(char name, std::int64_t value) {
    if (value != kNone) {
      key(name);
      at_ = std::to_chars(at_, at_ + kIntegerBytes, value).ptr;
    }
  }
  std::size_t finish() {
    *at_ = '\0';
    return static_cast<std::size_t>(at_ - begin_);
  }
  void number(char name, double value) {
    key(name);
    at_ = std::to_chars(at_, at_ + kRealBytes, value, std::chars_format::general, 6).ptr;
  }

 private:
  char* begin_;
  char* at_;
};

}  // namespace

std::string_view phase_name(Phase phase) {
  static constexpr std::string_view kNames[] = {"sampling", "evaluation", "embed",  "block", "probe",
                                                "compact",  "head",       "solver", "decode"};
  return kNames[static_cast<std::size_t>(phase)];
}

std::size_t write_range_text(char* text, const ScopeRecord& scope, std::string_view name) {
  static_assert(2 + kPhaseBytes + 3 + kNameBytes + 6 * (3 + kIntegerBytes) + 3 + kRealBytes < kRangeTextBytes);
  TextWriter writer(text);
  writer.key('p');
  writer.text(phase_name(scope.phase), kPhaseBytes);
  writer.key('n');
  writer.text(name, kNameBytes);
  writer.field('c', scope.cell);
  writer.field('s', scope.step);
  writer.field('e', scope.evaluation);
  if (!std::isnan(scope.t)) {
    writer.number('t', scope.t);
  }
  writer.field('b', scope.block);
  writer.field('r', scope.rows);
  writer.field('i', scope.rows_inside);
  return writer.finish();
}

}  // namespace diffbench::profiling
