#include "harness/measure/profile_rows.h"

#include <cmath>
#include <type_traits>

#include "harness/ranks/exchange.h"

namespace diffbench::measure {
namespace {

using profiling::Activity;
using profiling::Profile;
using profiling::ScopeRecord;

static_assert(std::is_trivially_copyable_v<ScopeRecord> && std::is_trivially_copyable_v<Activity>);

// both sides name the same words in the same order
static_assert(static_cast<int>(profiling::Phase::kDecode) == static_cast<int>(results::ScopePhase::kDecode));
static_assert(static_cast<int>(profiling::ActivityKind::kOverhead) ==
              static_cast<int>(results::ActivityKind::kOverhead));
static_assert(static_cast<int>(profiling::Attribution::kTimeOverlap) ==
              static_cast<int>(results::Attribution::kTimeOverlap));
static_assert(profiling::kNone == results::kNoNumber);

template <typename To, typename From>
To same_word(From value) {
  return static_cast<To>(static_cast<int>(value));
}

template <typename T>
std::optional<T> known(T value) {
  if constexpr (std::is_floating_point_v<T>) {
    return std::isnan(value) ? std::nullopt : std::optional(value);
  } else {
    return value == profiling::kNone ? std::nullopt : std::optional(value);
  }
}

results::ScopeRow scope_row(const ScopeRecord& scope) {
  return {.id = scope.id,
          .parent = scope.parent,
          .name = scope.name,
          .phase = same_word<results::ScopePhase>(scope.phase),
          .thread = scope.thread,
          .cell = scope.cell,
          .step = scope.step,
          .evaluation = scope.evaluation,
          .t = scope.t,
          .block = scope.block,
          .rows = scope.rows,
          .rows_inside = scope.rows_inside,
          .begin_ns = scope.begin_ns,
          .end_ns = scope.end_ns};
}

results::ActivityRow activity_row(const Activity& activity) {
  return {.kind = same_word<results::ActivityKind>(activity.kind),
          .attribution = same_word<results::Attribution>(activity.attribution),
          .name = activity.name,
          .scope = activity.scope,
          .device = activity.device,
          .stream = activity.stream,
          .thread = activity.thread,
          .correlation_id = activity.correlation_id,
          .graph_node = activity.graph_node,
          .begin_ns = activity.begin_ns,
          .end_ns = activity.end_ns,
          .size_bytes = activity.size_bytes,
          .shapes = activity.shapes,
          .flops = activity.flops,
          .moved_bytes = activity.moved_bytes};
}

}  // namespace

nlohmann::json to_json(const Profile& profile) {
  return {{"source", profile.source},
          {"source_reason", profile.source_reason},
          {"device_name", profile.device_name},
          {"with_shapes", profile.with_shapes},
          {"process_id", profile.process_id},
          {"dropped_count", profile.dropped_count},
          {"realtime_ns", profile.realtime_ns},
          {"monotonic_ns", profile.monotonic_ns},
          {"strings", profile.strings},
          {"scopes", ranks::to_blob(profile.scopes)},
          {"activities", ranks::to_blob(profile.activities)}};
}

Profile profile_of(const nlohmann::json& json) {
  Profile profile;
  profile.source = json.at("source");
  profile.source_reason = json.at("source_reason");
  profile.device_name = json.at("device_name");
  profile.with_shapes = json.at("with_shapes");
  profile.process_id = json.at("process_id");
  profile.dropped_count = json.at("dropped_count");
  profile.realtime_ns = json.at("realtime_ns");
  profile.monotonic_ns = json.at("monotonic_ns");
  json.at("strings").get_to(profile.strings);
  profile.scopes = ranks::from_blob<ScopeRecord>(json.at("scopes"));
  profile.activities = ranks::from_blob<Activity>(json.at("activities"));
  return profile;
}

results::ProfileRow to_row(Profile profile, int rank) {
  results::ProfileRow row{.rank = rank,
                          .source = std::move(profile.source),
                          .source_reason = std::move(profile.source_reason),
                          .device_name = std::move(profile.device_name),
                          .with_shapes = profile.with_shapes,
                          .process_id = profile.process_id,
                          .dropped_count = profile.dropped_count,
                          .realtime_ns = profile.realtime_ns,
                          .monotonic_ns = profile.monotonic_ns,
                          .strings = std::move(profile.strings)};
  for (const auto& scope : profile.scopes) {
    row.scopes.push_back(scope_row(scope));
  }
  for (const auto& activity : profile.activities) {
    row.activities.push_back(activity_row(activity));
  }
  return row;
}

results::TelemetryRow to_row(const profiling::TelemetrySample& sample, const std::string& host) {
  return {.host = host,
          .device = sample.device,
          .sampled_ns = sample.sampled_ns,
          .clock_hz = known(sample.clock_hz),
          .memory_clock_hz = known(sample.memory_clock_hz),
          .power_w = known(sample.power_w),
          .energy_j = known(sample.energy_j),
          .temperature_c = known(sample.temperature_c),
          .memory_bytes = known(sample.memory_bytes),
          .throttle_bits = known(sample.throttle_bits)};
}

}  // namespace diffbench::measure
