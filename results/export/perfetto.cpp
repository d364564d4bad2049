// Perfetto's trace: a file of packets, one after another, without a footer. A rank is a packet sequence with its own
// interned names; threads and streams are tracks under the track of the rank.
#include <map>
#include <unordered_map>

#include "results/export/formats.h"
#include "results/export/output_file.h"
#include "results/export/perfetto_packet.h"
#include "results/export/track_lanes.h"
#include "results/export/tracks.h"

namespace diffbench::results {
namespace {

// Texts of one kind that a sequence has numbered; new ones go into the interned data of the packet that needs them.
class Interned {
 public:
  explicit Interned(int field) : field_(field) {}
  std::uint64_t id(std::string_view text, Message& interned) {
    const auto [place, is_new] = ids_.try_emplace(std::string(text), ids_.size() + 1);
    if (is_new) {
      Message entry;
      entry.integer(interned_data::kId, place->second).text(interned_data::kText, text);
      interned.message(field_, entry);
    }
    return place->second;
  }

 private:
  int field_;
  std::unordered_map<std::string, std::uint64_t> ids_{};
};

class PerfettoWriter {
 public:
  explicit PerfettoWriter(const ExportRequest& request)
      : request_(request), file_(request.path, request.is_compressed), strings_(request.store) {}

  std::int64_t write() {
    for (const int rank : request_.ranks) write_rank(read_rank_profile(request_.store, request_.run, rank));
    file_.close();
    return row_count_;
  }

 private:
  struct Track {
    TrackLanes lanes{};
    std::vector<std::uint64_t> uuids{};  // of the lanes
  };

  void write_rank(const RankProfile& profile) {
    rank_ = profile.rank;
    tracks_.clear();
    names_ = Interned(interned_data::kNames);
    categories_ = Interned(interned_data::kCategories);
    annotations_ = Interned(interned_data::kAnnotationNames);
    begin_sequence(profile);
    std::string title = "rank " + std::to_string(rank_) + ", pid " + std::to_string(profile.process_id);
    if (!profile.host.empty()) title += " on " + profile.host;
    rank_uuid_ = describe_track(title, 0, false);
    write_telemetry();
    EventReader events(request_.store, request_.run, rank_, request_.window);
    for (Event event; events.next(event);) {
      write_event(event, profile);
      ++row_count_;
    }
    for (auto& entry : tracks_) {
      auto& track = entry.second;  // clang 14 captures no structured binding
      track.lanes.finish([&](std::size_t lane, std::int64_t end_ns) { end_slice(track.uuids[lane], end_ns); });
    }
  }

  // Times are CLOCK_REALTIME: the snapshot makes it the clock of the trace, and other traces of this machine that count
  // by CLOCK_MONOTONIC can be laid beside this one. One snapshot a file: ranks of other machines have another monotonic
  // clock.
  void begin_sequence(const RankProfile& profile) {
    packet_.clear();
    packet_.integer(trace_packet::kSequenceId, sequence());
    packet_.integer(trace_packet::kSequenceFlags, trace_packet::kStateCleared);
    if (rank_ == request_.ranks.front()) packet_.message(trace_packet::kClockSnapshot, clocks_of(profile));
    put_packet();
  }

  static Message clocks_of(const RankProfile& profile) {
    Message snapshot;
    for (const auto& [clock, now_ns] : {std::pair(clock_snapshot::kRealtime, profile.realtime_ns),
                                        std::pair(clock_snapshot::kMonotonic, profile.monotonic_ns)}) {
      Message reading;
      reading.integer(clock_snapshot::kClockId, clock);
      reading.integer(clock_snapshot::kTimestamp, static_cast<std::uint64_t>(now_ns));
      snapshot.message(clock_snapshot::kClocks, reading);
    }
    return snapshot.integer(clock_snapshot::kPrimaryClock, clock_snapshot::kRealtime);
  }

  void write_telemetry() {
    std::map<std::string, std::uint64_t> uuids;
    for_each_telemetry(request_, rank_,
                       [&](const std::string& device, const char* counter, std::int64_t at_ns, double value) {
                         const std::string title = device + " " + counter;
                         if (!uuids.contains(title)) uuids[title] = describe_track(title, rank_uuid_, true);
                         event_.clear();
                         event_.integer(track_event::kType, track_event::kCounter);
                         event_.integer(track_event::kTrack, uuids[title]).real(track_event::kDoubleCounter, value);
                         put_event(at_ns);
                       });
  }

  void write_event(const Event& event, const RankProfile& profile) {
    const TrackKey key = track_of(event);
    Track& track = tracks_[key];
    const std::size_t lane =
        track.lanes.place(event.begin_ns, event.end_ns,
                          [&](std::size_t over, std::int64_t end_ns) { end_slice(track.uuids[over], end_ns); });
    while (track.uuids.size() <= lane) track.uuids.push_back(describe_lane(key, track.uuids.size(), profile));

    const std::string& name = strings_[event.name];
    event_.clear();
    event_.integer(track_event::kCategory, categories_.id(category_of(event, name), interned_));
    event_.integer(track_event::kType, track_event::kBegin).integer(track_event::kName, names_.id(name, interned_));
    event_.integer(track_event::kTrack, track.uuids[lane]);
    event.is_scope ? annotate_scope(event) : annotate_activity(event);
    if (starts_work(event, name) || is_started_work(event)) {
      event_.fixed64(track_event::kFlow, static_cast<std::uint64_t>(flow_id(rank_, event.correlation_id)));
    }
    put_event(event.begin_ns);
  }

  void end_slice(std::uint64_t track, std::int64_t end_ns) {
    event_.clear();
    event_.integer(track_event::kType, track_event::kEnd).integer(track_event::kTrack, track);
    put_event(end_ns);
  }

  void annotate_scope(const Event& event) {
    annotate("phase", to_string(event.phase));
    annotate("cell", event.cell);
    annotate("step", event.step);
    annotate("evaluation", event.evaluation);
    annotate("t", event.t);
    annotate("block", event.block);
    annotate("rows", event.rows);
    annotate("rows_inside", event.rows_inside);
  }

  void annotate_activity(const Event& event) {
    annotate("scope", event.scope);
    annotate("correlation", event.correlation_id);
    annotate("bytes", event.size_bytes);
    annotate("flops", event.flops);
    annotate("moved_bytes", event.moved_bytes);
    if (event.shapes != kNoNumber) annotate("shapes", std::string_view(strings_[event.shapes]));
  }

  void annotate(std::string_view name, std::int64_t value) {
    if (value != kNoNumber) {
      begin_annotation(name).integer(debug_annotation::kInteger, static_cast<std::uint64_t>(value));
      event_.message(track_event::kAnnotation, annotation_);
    }
  }
  void annotate(std::string_view name, double value) {
    if (value != value) return;  // NaN
    begin_annotation(name).real(debug_annotation::kReal, value);
    event_.message(track_event::kAnnotation, annotation_);
  }
  void annotate(std::string_view name, std::string_view value) {
    begin_annotation(name).text(debug_annotation::kText, value);
    event_.message(track_event::kAnnotation, annotation_);
  }
  Message& begin_annotation(std::string_view name) {
    annotation_.clear();
    return annotation_.integer(debug_annotation::kName, annotations_.id(name, interned_));
  }

  std::uint64_t describe_lane(const TrackKey& key, std::size_t lane, const RankProfile& profile) {
    std::string title = "thread " + std::to_string(key.number);
    if (key.device != kNoNumber) {
      title = profile.device_name + " (device " + std::to_string(key.device) + ") stream " + std::to_string(key.number);
    }
    if (lane > 0) title += " overlap " + std::to_string(lane);
    return describe_track(title, rank_uuid_, false);
  }

  std::uint64_t describe_track(const std::string& title, std::uint64_t parent, bool is_counter) {
    const std::uint64_t uuid = ++last_uuid_;
    Message track;
    track.integer(track_descriptor::kUuid, uuid).text(track_descriptor::kName, title);
    if (parent != 0) track.integer(track_descriptor::kParent, parent);
    if (is_counter) track.message(track_descriptor::kCounter, Message());
    packet_.clear();
    packet_.integer(trace_packet::kSequenceId, sequence()).message(trace_packet::kTrackDescriptor, track);
    put_packet();
    return uuid;
  }

  void put_event(std::int64_t at_ns) {
    packet_.clear();
    packet_.integer(trace_packet::kTimestamp, static_cast<std::uint64_t>(at_ns));
    packet_.integer(trace_packet::kSequenceId, sequence()).message(trace_packet::kTrackEvent, event_);
    if (!interned_.empty()) packet_.message(trace_packet::kInternedData, interned_);
    packet_.integer(trace_packet::kSequenceFlags, trace_packet::kNeedsState);
    packet_.integer(trace_packet::kClockId, clock_snapshot::kRealtime);
    interned_.clear();
    put_packet();
  }

  void put_packet() {
    outer_.clear();
    file_.text(outer_.message(trace::kPacket, packet_).bytes());
  }

  std::uint64_t sequence() const { return static_cast<std::uint64_t>(rank_) + 1; }  // 0 is not a sequence

  const ExportRequest& request_;
  OutputFile file_;
  Strings strings_;
  std::map<TrackKey, Track> tracks_{};
  Interned names_{interned_data::kNames};
  Interned categories_{interned_data::kCategories};
  Interned annotations_{interned_data::kAnnotationNames};
  Message outer_{};  // kept for their memory
  Message packet_{};
  Message event_{};
  Message annotation_{};
  Message interned_{};
  int rank_ = 0;
  std::uint64_t rank_uuid_ = 0;
  std::uint64_t last_uuid_ = 0;
  std::int64_t row_count_ = 0;
};

}  // namespace

std::int64_t write_perfetto(const ExportRequest& request) { return PerfettoWriter(request).write(); }

}  // namespace diffbench::results
