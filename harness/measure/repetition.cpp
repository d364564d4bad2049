#include "harness/measure/repetition.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "harness/measure/disturbance.h"
#include "harness/measure/on_all_ranks.h"
#include "harness/measure/round_plan.h"
#include "harness/measure/trace_sum.h"
#include "harness/measure/warm_up.h"
#include "harness/ranks/exchange.h"
#include "profiling/recorder.h"
#include "results/statistics.h"

namespace diffbench::measure {

Repeater::Repeater(Session& session) : session_(session), counters_(session.world.local_rank() == 0) {}

std::optional<Repetition> Repeater::repeat(CellState& state, const std::vector<int64_t>& samples, int round) {
  profiling::set_cell(state.id);
  Batch batch;
  const Counters before = counters_.read();
  Counters after;
  int64_t started_ns = 0;
  const auto fault = on_all_ranks(session_.world, [&] {  // together, after what reading took
    started_ns = session_.elapsed_ns();
    batch = state.runner->run(samples);
    after = counters_.read();
    if (!at::isfinite(batch.samples).all().item<bool>()) {
      throw std::runtime_error("samples are not finite");
    }
  });
  if (!fault.empty()) {
    session_.fail_cell(state, fault);
    return std::nullopt;
  }
  const auto all = ranks::collect(session_.world, {{"started_ns", started_ns},
                                                   {"duration_ns", batch.duration_ns},
                                                   {"decode_ns", batch.decode_ns},
                                                   {"samples", samples.size()},
                                                   {"trace", batch.trace},
                                                   {"passed", after - before}});
  Repetition done;
  std::vector<Counters> passed;
  for (size_t rank = 0; rank < all.size(); ++rank) {
    const auto& from = all[rank];
    passed.push_back(from.at("passed"));
    done.traces.push_back(from.at("trace"));
    auto& row = done.rows.emplace_back();
    row.cell = state.id;
    row.round = round;
    row.rank = static_cast<int>(rank);
    row.started_ns = from.at("started_ns");
    row.duration_ns = from.at("duration_ns");
    row.samples = from.at("samples");
    row.decode_ns = from.at("decode_ns");
    row.page_fault_count = passed.back().page_fault_count;
    row.steal_ns = passed.back().steal_ns;
    row.core_wait_ns = passed.back().core_wait_ns;
    row.energy_j = passed.back().energy_j;
    done.samples += row.samples;
    done.duration_ns = std::max(done.duration_ns, row.duration_ns);
  }
  flag_disturbances(state.id, done, passed);
  done.duration_ns = ranks::share(session_.world, done.duration_ns);
  return done;
}

void Repeater::flag_disturbances(int64_t cell, Repetition& done, const std::vector<Counters>& passed) {
  for (size_t rank = 0; rank < done.rows.size(); ++rank) {
    auto& faults = page_faults_[{cell, static_cast<int>(rank)}];
    const auto usual = faults.empty() ? std::nullopt : std::optional(static_cast<int64_t>(results::median(faults)));
    done.rows[rank].disturbance =
        disturbance({.duration_ns = done.rows[rank].duration_ns, .passed = passed[rank], .usual_page_faults = usual});
    if (passed[rank].page_fault_count) {
      faults.push_back(static_cast<double>(*passed[rank].page_fault_count));
    }
  }
}

bool warm_up_cell(Session& session, Repeater& repeater, CellState& state, results::Pass pass) {
  WarmUp warm_up(session.suite.timing.warmup_max_seconds);
  while (!warm_up.is_over()) {
    const auto round = warm_up_round(static_cast<int64_t>(warm_up.durations_ns().size()));
    const auto samples =
        round_samples(static_cast<uint64_t>(session.suite.seed), round, session.world.rank(), state.cell.batch);
    const auto done = repeater.repeat(state, samples, 0);
    if (!done) {
      return false;
    }
    warm_up.add(done->duration_ns);
  }
  session.writer.write([&](results::Store& store) {
    store.add_warmup(state.id, {.pass = pass,
                                .durations_ns = warm_up.durations_ns(),
                                .converged = warm_up.converged(),
                                .reason = warm_up.reason()});
  });
  return true;
}

}  // namespace diffbench::measure
