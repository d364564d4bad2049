#include "harness/measure/round_timer.h"

#include <algorithm>

#include "harness/measure/round_plan.h"
#include "harness/ranks/exchange.h"

namespace diffbench::measure {
namespace {

// Its largest memory is read after the warm-up: what counts begins warm, with memory that the warm-up fetched.
std::vector<results::MemoryPeakRow> peaks_of(const std::vector<nlohmann::json>& all) {
  std::vector<results::MemoryPeakRow> peaks;
  for (size_t rank = 0; rank < all.size(); ++rank) {
    auto& row = peaks.emplace_back();
    row.rank = static_cast<int>(rank);
    if (!all[rank].at("process_bytes").is_null()) {
      row.process_bytes = all[rank].at("process_bytes").get<int64_t>();
    }
    if (const int64_t bytes = all[rank].at("device_bytes"); bytes > 0) {
      row.device_bytes = bytes;
    }
  }
  return peaks;
}

}  // namespace

RoundTimer::RoundTimer(Session& session) : session_(session), repeater_(session) {
  session_.writer.write([&](results::Store& store) { load(store); });
}

void RoundTimer::load(const results::Store& store) {
  for (const auto& state : session_.cells) {
    if (!state.is_alive() || state.timing_done) {
      continue;
    }
    std::map<std::pair<int, int>, int64_t> slowest;
    for (const auto& row : store.timings(state.id)) {
      if (!row.discard_reason) {
        auto& duration = slowest[{row.round, row.repetition}];
        duration = std::max(duration, row.duration_ns);
      }
    }
    for (const auto& entry : slowest) {
      durations_[state.id].push_back(static_cast<double>(entry.second));
    }
    if (const auto trace = store.trace(state.id)) {
      traces_.emplace(state.id, TraceSum(*trace));
    }
  }
}

bool RoundTimer::warm(CellState& state) {
  if (!warm_.insert(state.id).second) {
    return true;
  }
  reset_peak_memory();
  const bool alive = warm_up_cell(session_, repeater_, state, results::Pass::kTiming);
  const auto here = peak_memory_bytes();
  const auto all = ranks::collect(session_.world, {{"process_bytes", here ? nlohmann::json(*here) : nullptr},
                                                   {"device_bytes", state.runner->peak_device_bytes()}});
  if (alive) {
    session_.writer.write([&](results::Store& store) { store.put_memory_peaks(state.id, peaks_of(all)); });
  }
  return alive;
}

std::optional<int64_t> RoundTimer::measure(CellState& state, int round) {
  if (!warm(state)) {
    return std::nullopt;
  }
  const auto samples =
      round_samples(static_cast<uint64_t>(session_.suite.seed), round, session_.world.rank(), state.cell.batch);
  auto done = repeater_.repeat(state, samples, round);
  if (!done) {
    return std::nullopt;
  }
  state.rounds_done = round + 1;
  durations_[state.id].push_back(static_cast<double>(done->duration_ns));
  rows_.insert(rows_.end(), done->rows.begin(), done->rows.end());
  const auto& facts = state.runner->facts();
  auto& sum = traces_.try_emplace(state.id, facts.block_count, facts.flops_full).first->second;
  for (size_t rank = 0; rank < done->traces.size(); ++rank) {
    sum.add(done->traces[rank], done->rows[rank].samples);
  }
  traced_.insert(state.id);
  return done->duration_ns;
}

void RoundTimer::store_round() {
  session_.writer.write([&](results::Store& store) {
    store.add_timings(rows_);
    for (const int64_t cell : traced_) {
      store.put_trace(cell, traces_.at(cell).row());
    }
  });
  rows_.clear();
  traced_.clear();
}

std::vector<double> RoundTimer::durations_ns(const CellState& state) const {
  const auto found = durations_.find(state.id);
  return found == durations_.end() ? std::vector<double>() : found->second;
}

}  // namespace diffbench::measure
