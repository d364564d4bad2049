#include "harness/measure/profile.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <random>
#include <set>

#include "harness/environment/environment.h"
#include "harness/measure/ceiling.h"
#include "harness/measure/profile_rows.h"
#include "harness/measure/progress.h"
#include "harness/measure/rank_message.h"
#include "profiling/cpu_operators.h"
#include "profiling/cupti/kernels.h"
#include "profiling/recorder.h"

namespace diffbench::measure {
namespace {

using profiling::Mode;

constexpr int kLeastOverheadRounds = 8;
constexpr double kRecordedNs = 6e9;     // of each cell, about
constexpr double kMostRecorded = 20.0;  // repetitions
// how much is recorded; nothing at all where there is no mode
struct Watch {
  const char* name;
  std::optional<Mode> mode;
};
constexpr std::array<Watch, 4> kWatches = {
    {{"off", {}}, {"nvtx", Mode::kNvtx}, {"activities", Mode::kActivities}, {"everything", Mode::kEverything}}};

profiling::RecorderOptions recorder_options(const Model& model, Mode mode, bool with_shapes) {
  const bool on_gpu = model.compute.device.is_cuda();
  static const auto kMachine = environment::capture();  // once: it reads files, which must not come between repetitions
  const auto index = static_cast<size_t>(std::max<int>(0, model.compute.device.index()));
  return {.mode = mode,
          .with_shapes = with_shapes,
          .operators = &profiling::cpu_operators(),
          .kernels = on_gpu ? &profiling::cupti_kernels() : nullptr,
          .device_name = on_gpu && index < kMachine.gpu_names.size() ? kMachine.gpu_names[index] : kMachine.cpu_model};
}

// Recording ends on every way out.
class Recording {
 public:
  Recording(const CellState& state, Mode mode, bool with_shapes) {
    profiling::set_cell(state.id);
    profiling::start_recording(recorder_options(state.runner->model(), mode, with_shapes));
  }
  ~Recording() {
    if (profiling::is_recording()) {
      profiling::stop_recording();
    }
  }
  Recording(const Recording&) = delete;
  Recording& operator=(const Recording&) = delete;
  profiling::Profile stop() { return profiling::stop_recording(); }
};

// Runs `work` on every rank at once; false where it threw on one of them. What was measured before stays.
bool run_on_all(const Session& session, const CellState& state, const std::function<void()>& work) {
  session.world.barrier();
  std::string fault;
  try {
    work();
  } catch (const std::exception& error) {
    fault = *error.what() == '\0' ? "an error without a text" : error.what();
  }
  if (const auto failure = session.world.agree({.is_input_error = false, .message = fault})) {
    if (session.world.rank() == 0) {
      spdlog::warn("{}: not profiled: {}", state.cell.key, failure->message);
    }
    return false;
  }
  return true;
}

// Telemetry of a machine is taken by its lowest rank.
class MachineTelemetry {
 public:
  explicit MachineTelemetry(Session& session) : session_(session), host_(environment::capture().host) {
    std::string hosts;
    for (const auto& bytes : session.world.gather(pack_text(host_))) {
      hosts += unpack_text(bytes) + "\n";
    }
    hosts = session.world.broadcast(hosts);
    std::set<std::string> seen;
    std::string line;
    for (int rank = 0; rank <= session.world.rank(); ++rank) {
      line = hosts.substr(0, hosts.find('\n'));
      hosts.erase(0, line.size() + 1);
      samples_here_ = seen.insert(line).second;
    }
    if (samples_here_) {
      telemetry_.emplace();
    }
  }

  void store() {
    const auto record = samples_here_ ? telemetry_->stop() : profiling::TelemetryRecord{};
    if (session_.world.rank() == 0 && !record.reason.empty()) {
      spdlog::info("telemetry: {}", record.reason);
    }
    nlohmann::json rows = nlohmann::json::array();
    for (const auto& sample : record.samples) {
      rows.push_back({sample.device, sample.sampled_ns, sample.clock_hz, sample.memory_clock_hz, sample.power_w,
                      sample.energy_j, sample.temperature_c, sample.memory_bytes, sample.throttle_bits});
    }
    const auto text = nlohmann::json{{"host", host_}, {"rows", rows}}.dump();
    const auto all = session_.world.gather(pack_text(text));
    session_.world.together([&] {
      std::vector<results::TelemetryRow> stored;
      for (const auto& bytes : all) {
        unpack_into(stored, bytes);
      }
      if (session_.store) {
        session_.store->put_telemetry(session_.run_id, stored);
      }
    });
  }

 private:
  // JSON writes NaN as null
  static double number(const nlohmann::json& value) {
    return value.is_null() ? std::numeric_limits<double>::quiet_NaN() : value.get<double>();
  }

  static void unpack_into(std::vector<results::TelemetryRow>& rows, const ranks::Bytes& bytes) {
    const auto from = nlohmann::json::parse(unpack_text(bytes));
    for (const auto& row : from.at("rows")) {
      const profiling::TelemetrySample sample{.device = row[0],
                                              .sampled_ns = row[1],
                                              .clock_hz = row[2],
                                              .memory_clock_hz = row[3],
                                              .power_w = number(row[4]),
                                              .energy_j = number(row[5]),
                                              .temperature_c = number(row[6]),
                                              .memory_bytes = row[7],
                                              .throttle_bits = row[8]};
      rows.push_back(to_row(sample, from.at("host")));
    }
  }

  Session& session_;
  std::string host_;
  bool samples_here_ = false;
  std::optional<profiling::Telemetry> telemetry_;
};

// short repetitions are recorded a few times, so that one disturbance does not make the profile; as rank 0 decides
int repetitions_to_record(const Session& session, int64_t duration_ns) {
  const double fit = kRecordedNs / std::max<double>(1.0, static_cast<double>(duration_ns));
  return static_cast<int>(session.world.broadcast(std::vector<double>{std::clamp(fit, 1.0, kMostRecorded)})[0]);
}

// as many rounds of one cell as its share of [timing] max_seconds holds, at most max_rounds, but no fewer than an
// interval needs; as rank 0 decides
int overhead_rounds(const Session& session, int64_t duration_ns) {
  const auto& timing = session.suite.timing;
  const double share_ns = timing.max_seconds * 1e9 / static_cast<double>(session.cells.size());
  const double fit = share_ns / (kWatches.size() * std::max<double>(1.0, static_cast<double>(duration_ns)));
  const double most = std::max(kLeastOverheadRounds, timing.max_rounds);
  return static_cast<int>(
      session.world.broadcast(std::vector<double>{std::clamp<double>(fit, kLeastOverheadRounds, most)})[0]);
}

void store_ceilings(Session& session) {
  std::map<std::string, double> flops;
  double bytes = 0.0;
  session.world.barrier();
  for (const auto& state : session.cells) {
    const auto& compute = state.runner->model().compute;
    if (!flops.contains(compute.precision)) {
      flops[compute.precision] = matmul_flops_per_s(compute);
      bytes = copy_bytes_per_s(compute);
    }
  }
  const auto text = nlohmann::json{{"flops", flops}, {"bytes", bytes}}.dump();
  const auto all = session.world.gather(pack_text(text));
  session.world.together([&] {
    std::vector<results::CeilingRow> rows;
    for (size_t rank = 0; rank < all.size(); ++rank) {
      const auto from = nlohmann::json::parse(unpack_text(all[rank]));
      for (const auto& [precision, value] : from.at("flops").items()) {
        rows.push_back({static_cast<int>(rank), "flops_per_s", precision, value});
      }
      rows.push_back({static_cast<int>(rank), "bytes_per_s", "", from.at("bytes")});
    }
    if (session.store) {
      session.store->put_ceilings(session.run_id, rows);
    }
  });
}

// One recorded repetition of a cell, stored; false where it failed on some rank.
class CellRecorder {
 public:
  CellRecorder(Session& session, bool with_shapes) : session_(session), with_shapes_(with_shapes) {}

  // the first recording of a process also pays for its own start
  void warm_up(const CellState& state) {
    const auto samples = session_.repetition_samples(state.cell);
    run_on_all(session_, state, [&] {
      const Recording recording(state, Mode::kActivities, with_shapes_);
      state.runner->run(samples);
    });
  }

  size_t activity_count() const { return activity_count_; }
  bool has_stored() const { return has_stored_; }

  bool record(const CellState& state) {
    const auto samples = session_.repetition_samples(state.cell);
    profiling::Profile profile;
    const bool done = run_on_all(session_, state, [&] {
      Recording recording(state, Mode::kActivities, with_shapes_);
      state.runner->run(samples);
      profile = recording.stop();
    });
    if (!done) {
      return false;
    }
    const auto all = session_.world.gather(pack_profile(profile));
    session_.world.together([&] {
      for (size_t rank = 0; rank < all.size(); ++rank) {
        const auto row = to_row(unpack_profile(all[rank]), static_cast<int>(rank));
        activity_count_ += row.activities.size();
        has_stored_ ? session_.store->add_to_profile(session_.run_id, row)
                    : session_.store->put_profile(session_.run_id, row);
      }
    });
    has_stored_ = true;
    return true;
  }

 private:
  Session& session_;
  bool with_shapes_;
  size_t activity_count_ = 0;
  bool has_stored_ = false;
};

}  // namespace

// Cells take turns, so that a slow moment of the machine does not make the profile of one of them.
void profile_cells(Session& session, const ProfileOptions& options) {
  store_ceilings(session);
  MachineTelemetry telemetry(session);
  std::map<int64_t, int> left;  // repetitions by cell
  int64_t total = 0;
  for (const auto& state : session.cells) {
    const auto samples = session.repetition_samples(state.cell);
    int64_t duration_ns = 0;
    // warms up, and measures what a method measures once
    if (state.is_alive() && run_on_all(session, state, [&] { duration_ns = state.runner->run(samples).duration_ns; })) {
      total += left[state.id] = repetitions_to_record(session, duration_ns);
    }
  }
  Progress progress(session.world.rank() == 0, "profiling", total);
  CellRecorder recorder(session, options.with_shapes);
  const auto first = std::find_if(session.cells.begin(), session.cells.end(),
                                  [&](const auto& state) { return left.contains(state.id); });
  if (first != session.cells.end()) {
    recorder.warm_up(*first);
  }
  for (bool some = true; some;) {
    some = false;
    for (const auto& state : session.cells) {
      const auto found = left.find(state.id);
      if (found == left.end() || found->second == 0) {
        continue;
      }
      const int recorded = recorder.record(state) ? 1 : found->second;  // one that failed is given up
      found->second -= recorded;
      some = some || found->second > 0;
      progress.advance(recorded);
    }
  }
  telemetry.store();
  if (session.world.rank() == 0) {
    spdlog::info("recorded {} activities", recorder.activity_count());
    if (!session.cells.empty() && !recorder.has_stored()) {
      spdlog::warn("no cell could be profiled");
    }
  }
}

void measure_profile_overhead(Session& session) {
  Progress progress(session.world.rank() == 0, "profiling overhead", static_cast<int64_t>(session.cells.size()));
  for (auto& state : session.cells) {
    const auto samples = session.repetition_samples(state.cell);
    std::mt19937_64 random(static_cast<uint64_t>(session.suite.seed));
    int64_t warm_up_ns = 0;
    bool done =
        state.is_alive() && run_on_all(session, state, [&] { warm_up_ns = state.runner->run(samples).duration_ns; });
    const int round_count = overhead_rounds(session, warm_up_ns);
    std::vector<results::ProfileOverheadRow> rows;
    for (int round = 0; round < round_count; ++round) {
      auto order = kWatches;
      for (size_t i = order.size(); i > 1; --i) {  // Fisher-Yates; std::shuffle differs between libraries
        std::swap(order[i - 1], order[random() % i]);
      }
      for (const auto& watch : order) {
        int64_t duration_ns = 0;
        done = done && run_on_all(session, state, [&] {
                 std::optional<Recording> recording;
                 if (watch.mode) {
                   recording.emplace(state, *watch.mode, false);
                 }
                 duration_ns = state.runner->run(samples).duration_ns;
               });
        if (!done) {
          break;
        }
        const auto durations = session.world.gather(pack(std::vector<int64_t>{duration_ns}));
        for (size_t rank = 0; rank < durations.size(); ++rank) {
          rows.push_back({watch.name, round, static_cast<int>(rank), unpack<int64_t>(durations[rank])[0]});
        }
      }
    }
    progress.advance(1);
    session.world.together([&] {
      if (session.store && done) {
        session.store->put_profile_overheads(state.id, rows);
      }
    });
  }
}

}  // namespace diffbench::measure
