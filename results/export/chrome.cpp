// Trace Event JSON as PyTorch's profiler writes it. Format: "Trace Event Format", Google, 2016; categories and
// arguments by what HTA reads. One process per rank's host and per device, one thread per thread and stream; times are
// relative to baseTimeNanoseconds, since nanoseconds since 1970 do not fit a double.
#include <algorithm>
#include <map>

#include "results/export/formats.h"
#include "results/export/output_file.h"
#include "results/export/track_lanes.h"
#include "results/export/tracks.h"

namespace diffbench::results {
namespace {

constexpr std::int64_t kPidsPerRank = 1000;                  // the host of a rank, then its devices
constexpr std::int64_t kLaneStride = std::int64_t{1} << 22;  // above every thread id of Linux

class ChromeWriter {
 public:
  explicit ChromeWriter(const ExportRequest& request)
      : request_(request), file_(request.path, request.is_compressed), strings_(request.store) {
    for (const int rank : request.ranks) {
      profiles_.push_back(read_rank_profile(request.store, request.run, rank));
      if (const auto first = profiles_.back().first_ns) base_ns_ = std::min(base_ns_.value_or(*first), *first);
    }
  }

  std::int64_t write() {
    write_header();
    for (const RankProfile& profile : profiles_) write_rank(profile);
    file_.text("\n]}\n").close();
    return row_count_;
  }

 private:
  struct Track {
    std::int64_t pid = 0;
    std::int64_t tid = 0;
    TrackLanes lanes{};
    std::size_t named_lanes = 0;
  };

  void write_header() {
    const RankProfile& first = profiles_.front();
    file_.text("{\"schemaVersion\":1,\"displayTimeUnit\":\"ns\",\"baseTimeNanoseconds\":")
        .integer(base_ns_.value_or(0));
    file_.text(",\n\"distributedInfo\":{\"backend\":\"mpi\",\"rank\":").integer(first.rank);
    file_.text(",\"world_size\":").integer(world_size()).text("},\n\"deviceProperties\":[");
    if (first.source == "cupti") file_.text("{\"id\":0,\"name\":").quoted(first.device_name).text("}");
    file_.text("],\n\"droppedRecords\":").integer(first.dropped_count).text(",\n\"traceEvents\":[");
  }

  std::int64_t world_size() const {
    SQLite::Statement count(request_.store.database(), "SELECT count(*) FROM profile WHERE run = ?");
    count.bind(1, request_.run);
    count.executeStep();
    return count.getColumn(0).getInt64();
  }

  void write_rank(const RankProfile& profile) {
    rank_ = profile.rank;
    tracks_.clear();
    std::string title = "rank " + std::to_string(rank_) + " (pid " + std::to_string(profile.process_id);
    if (!profile.host.empty()) title += " on " + profile.host;
    metadata("process_name", host_pid(), 0, title + ")");
    for_each_telemetry(request_, rank_,
                       [&](const std::string& device, const char* counter, std::int64_t at_ns, double value) {
                         begin("C", host_pid(), 0, at_ns).text(",\"name\":").quoted(device + " " + counter);
                         file_.text(",\"args\":{\"value\":").real(value).text("}}");
                       });
    EventReader events(request_.store, request_.run, rank_, request_.window);
    for (Event event; events.next(event);) {
      write_event(event, profile);
      ++row_count_;
    }
  }

  void write_event(const Event& event, const RankProfile& profile) {
    const TrackKey key = track_of(event);
    Track& track = tracks_.try_emplace(key, Track{}).first->second;
    if (track.pid == 0) open(track, key, profile);
    const std::size_t lane = track.lanes.place(event.begin_ns, event.end_ns, [](std::size_t, std::int64_t) {});
    const std::int64_t tid = track.tid + static_cast<std::int64_t>(lane) * kLaneStride;
    for (; track.named_lanes <= lane; ++track.named_lanes) name_lane(track, key, track.named_lanes);

    const std::string& name = strings_[event.name];
    const std::string_view category = category_of(event, name);
    begin("X", track.pid, tid, event.begin_ns).text(",\"dur\":").microseconds(event.end_ns - event.begin_ns);
    file_.text(",\"cat\":\"").text(category).text("\",\"name\":").quoted(name).text(",\"args\":{");
    event.is_scope ? scope_arguments(event) : activity_arguments(event);
    file_.text("}}");
    if (starts_work(event, name)) flow("s", track.pid, tid, event);
    if (is_started_work(event)) flow("f", track.pid, tid, event);
  }

  void scope_arguments(const Event& event) {
    file_.text("\"phase\":\"").text(to_string(event.phase)).text("\",\"scope\":").integer(event.id);
    argument("cell", event.cell);
    argument("step", event.step);
    argument("evaluation", event.evaluation);
    argument("t", event.t);
    argument("block", event.block);
    argument("rows", event.rows);
    argument("rows_inside", event.rows_inside);
  }

  void activity_arguments(const Event& event) {
    file_.text("\"External id\":").integer(std::max<std::int64_t>(event.scope, 0));
    argument("correlation", event.correlation_id);
    if (event.on_device()) {
      argument("device", event.device);
      argument("stream", event.stream);
    }
    argument("bytes", event.size_bytes);
    argument("flops", event.flops);
    argument("moved_bytes", event.moved_bytes);
    if (event.shapes != kNoNumber) file_.text(",\"shapes\":").quoted(strings_[event.shapes]);
  }

  void argument(std::string_view name, std::int64_t value) {
    if (value != kNoNumber) file_.text(",\"").text(name).text("\":").integer(value);
  }
  void argument(std::string_view name, double value) {
    if (value == value) file_.text(",\"").text(name).text("\":").real(value);  // not NaN
  }

  // an arrow from the call to the work that it started; "e" binds its head to the slice around it
  void flow(const char* phase, std::int64_t pid, std::int64_t tid, const Event& event) {
    begin(phase, pid, tid, event.begin_ns).text(",\"id\":").integer(flow_id(rank_, event.correlation_id));
    file_.text(*phase == 'f' ? ",\"bp\":\"e\"" : "").text(",\"cat\":\"ac2g\",\"name\":\"ac2g\"}");
  }

  void open(Track& track, const TrackKey& key, const RankProfile& profile) {
    const bool on_host = key.device == kNoNumber;
    track.pid = on_host ? host_pid() : host_pid() + 1 + key.device;
    track.tid = key.number;
    if (!on_host) {
      const std::string device = "rank " + std::to_string(rank_) + " device " + std::to_string(key.device);
      metadata("process_name", track.pid, 0, device + " (" + profile.device_name + ")");
    }
  }

  void name_lane(const Track& track, const TrackKey& key, std::size_t lane) {
    const std::string name = (key.device == kNoNumber ? "thread " : "stream ") + std::to_string(key.number);
    metadata("thread_name", track.pid, track.tid + static_cast<std::int64_t>(lane) * kLaneStride,
             lane == 0 ? name : name + " overlap " + std::to_string(lane));
  }

  void metadata(const char* what, std::int64_t pid, std::int64_t tid, const std::string& value) {
    begin("M", pid, tid, base_ns_.value_or(0)).text(",\"name\":\"").text(what).text("\",\"args\":{\"name\":");
    file_.quoted(value).text("}}");
  }

  OutputFile& begin(const char* phase, std::int64_t pid, std::int64_t tid, std::int64_t at_ns) {
    file_.text(is_first_ ? "\n{\"ph\":\"" : ",\n{\"ph\":\"").text(phase).text("\",\"pid\":").integer(pid);
    is_first_ = false;
    return file_.text(",\"tid\":").integer(tid).text(",\"ts\":").microseconds(at_ns - base_ns_.value_or(0));
  }

  std::int64_t host_pid() const { return kPidsPerRank * (rank_ + 1); }

  const ExportRequest& request_;
  OutputFile file_;
  Strings strings_;
  std::vector<RankProfile> profiles_{};
  std::optional<std::int64_t> base_ns_{};
  std::map<TrackKey, Track> tracks_{};
  int rank_ = 0;
  bool is_first_ = true;
  std::int64_t row_count_ = 0;
};

}  // namespace

std::int64_t write_chrome(const ExportRequest& request) { return ChromeWriter(request).write(); }

}  // namespace diffbench::results
