#pragma once
// Inside results/export only: protobuf messages, written field by field, and the field numbers of Perfetto's trace
// format that we use (protos/perfetto/trace of Perfetto v58). A dozen fields of a schema of thousands: no generated
// code.
//
//   Message event;
//   event.integer(track_event::kType, 1).message(trace_packet::kInternedData, names);

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/wire_format_lite.h>

#include <bit>
#include <cstdint>
#include <string>
#include <string_view>

namespace diffbench::results {

class Message {
 public:
  Message& integer(int field, std::uint64_t value) { return tag(field, Wire::WIRETYPE_VARINT).varint(value); }
  Message& fixed64(int field, std::uint64_t value) {
    tag(field, Wire::WIRETYPE_FIXED64);
    std::uint8_t bytes[8];
    return append(bytes, google::protobuf::io::CodedOutputStream::WriteLittleEndian64ToArray(value, bytes));
  }
  Message& real(int field, double value) { return fixed64(field, std::bit_cast<std::uint64_t>(value)); }
  Message& text(int field, std::string_view value) {
    tag(field, Wire::WIRETYPE_LENGTH_DELIMITED).varint(value.size());
    bytes_.append(value);
    return *this;
  }
  Message& message(int field, const Message& value) { return text(field, value.bytes_); }

  void clear() { bytes_.clear(); }
  bool empty() const { return bytes_.empty(); }
  const std::string& bytes() const { return bytes_; }

 private:
  using Wire = google::protobuf::internal::WireFormatLite;
  Message& tag(int field, Wire::WireType type) { return varint(Wire::MakeTag(field, type)); }
  Message& varint(std::uint64_t value) {
    std::uint8_t bytes[10];
    return append(bytes, google::protobuf::io::CodedOutputStream::WriteVarint64ToArray(value, bytes));
  }
  Message& append(const std::uint8_t* begin, const std::uint8_t* end) {
    bytes_.append(reinterpret_cast<const char*>(begin), static_cast<std::size_t>(end - begin));
    return *this;
  }

  std::string bytes_{};
};

namespace trace {
inline constexpr int kPacket = 1;
}
namespace trace_packet {
inline constexpr int kClockSnapshot = 6;
inline constexpr int kTimestamp = 8;
inline constexpr int kSequenceId = 10;
inline constexpr int kTrackEvent = 11;
inline constexpr int kInternedData = 12;
inline constexpr int kSequenceFlags = 13;
inline constexpr int kClockId = 58;
inline constexpr int kTrackDescriptor = 60;
inline constexpr std::uint64_t kStateCleared = 1;  // what was interned before counts no more
inline constexpr std::uint64_t kNeedsState = 2;
}  // namespace trace_packet
namespace clock_snapshot {
inline constexpr int kClocks = 1;
inline constexpr int kPrimaryClock = 2;
inline constexpr int kClockId = 1;    // of a clock
inline constexpr int kTimestamp = 2;  // of a clock
inline constexpr std::uint64_t kRealtime = 1;
inline constexpr std::uint64_t kMonotonic = 3;
}  // namespace clock_snapshot
namespace track_descriptor {
inline constexpr int kUuid = 1;
inline constexpr int kName = 2;
inline constexpr int kParent = 5;
inline constexpr int kCounter = 8;
}  // namespace track_descriptor
namespace interned_data {
inline constexpr int kCategories = 1;
inline constexpr int kNames = 2;
inline constexpr int kAnnotationNames = 3;
inline constexpr int kId = 1;    // of an entry
inline constexpr int kText = 2;  // of an entry
}  // namespace interned_data
namespace track_event {
inline constexpr int kCategory = 3;
inline constexpr int kAnnotation = 4;
inline constexpr int kType = 9;
inline constexpr int kName = 10;
inline constexpr int kTrack = 11;
inline constexpr int kDoubleCounter = 44;
inline constexpr int kFlow = 47;
inline constexpr std::uint64_t kBegin = 1;
inline constexpr std::uint64_t kEnd = 2;
inline constexpr std::uint64_t kCounter = 4;
}  // namespace track_event
namespace debug_annotation {
inline constexpr int kName = 1;
inline constexpr int kInteger = 4;
inline constexpr int kReal = 5;
inline constexpr int kText = 6;
}  // namespace debug_annotation

}  // namespace diffbench::results
