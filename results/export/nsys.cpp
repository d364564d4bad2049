// A file like Nsight Systems' SQLite exports, made by set-wise SQL from the results file: nothing passes through
// memory. On a machine without a GPU every CPU operator is a "kernel" of device 0 together with the one call that
// launched it, so that the joins of the readers (kernel - call - range around the call) hold there too.
#include <cctype>

#include "results/export/event_reader.h"
#include "results/export/formats.h"
#include "results/export/nsys_schema.h"
#include "results/sql.h"

namespace diffbench::results {
namespace {

constexpr int kBusyTimeoutMs = 5000;        // a run may be writing a round
constexpr std::int64_t kIdMask = 0xFFFFFF;  // a process and a thread have 24 bits each in a global id

// "void at::native::gemm<float, (int)4>(float*)" -> "gemm", "aten::addmm" -> "addmm"
std::string short_name(std::string name) {
  constexpr std::string_view kAnonymous = "(anonymous namespace)::";
  for (std::size_t at = 0; (at = name.find(kAnonymous)) != std::string::npos;) name.erase(at, kAnonymous.size());
  int depth = 0;
  std::string plain;  // without template arguments
  for (const char character : name) {
    if (character == '<') ++depth;
    if (depth == 0) plain += character;
    if (character == '>' && depth > 0) --depth;
  }
  plain = plain.substr(0, plain.find('('));
  while (!plain.empty() && std::isspace(static_cast<unsigned char>(plain.back())) != 0) plain.pop_back();
  const std::size_t colon = plain.rfind("::");
  if (colon != std::string::npos) plain = plain.substr(colon + 2);
  const std::size_t space = plain.rfind(' ');
  if (space != std::string::npos) plain = plain.substr(space + 1);
  return plain.empty() ? name : plain;
}

class NsysWriter {
 public:
  explicit NsysWriter(const ExportRequest& request)
      : run_(request.run),
        profile_(read_rank_profile(request.store, request.run, request.ranks.front())),
        database_(request.path.string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE, kBusyTimeoutMs) {
    // nobody sees the file before it is whole
    database_.exec("PRAGMA journal_mode = OFF");
    database_.exec("PRAGMA synchronous = OFF");
    SQLite::Statement attach(database_, "ATTACH ? AS source");
    execute(attach, std::string_view(request.store.name()));
    database_.exec(kNsysSchemaSql);
  }

  std::int64_t write() {
    SQLite::Transaction transaction(database_);
    copy_strings();
    // the kinds and devices that there are: a table of millions is not read for the others
    copy("CREATE TEMP TABLE present (kind TEXT, device INTEGER, in_graph INTEGER)");
    copy(
        "INSERT INTO present SELECT DISTINCT kind, device, attribution = 'graph_node' FROM source.activity WHERE run = "
        ":run AND rank = :rank");
    describe();
    std::int64_t rows = copy_scopes();
    rows += profile_.source == "cupti" ? copy_gpu_activities() : copy_cpu_operators();
    transaction.commit();
    database_.exec("DROP TABLE temp.present");
    database_.exec("DROP TABLE temp.short");
    database_.exec("DETACH source");
    database_.exec("PRAGMA journal_mode = DELETE");
    return rows;
  }

 private:
  // Runs a statement with the values that its names stand for; returns the number of rows written.
  std::int64_t copy(const std::string& sql) {
    SQLite::Statement statement(database_, sql);
    const std::int64_t pid = profile_.process_id & kIdMask;
    const auto bind = [&](const char* name, const auto& value) {
      if (const int index = statement.getIndex(name); index != 0) bind_one(statement, index, value);
    };
    bind(":run", run_);
    bind(":rank", profile_.rank);
    bind(":base", profile_.first_ns.value_or(0));
    bind(":pid", pid);
    bind(":global_pid", pid << 24);
    bind(":source", profile_.source);
    bind(":device_name", profile_.device_name);
    bind(":dropped", profile_.dropped_count);
    bind(":version", std::string_view(kNsysSchemaVersion));
    return statement.exec();
  }

  // The activities of one kind into a table, in their order; 0 where there are none.
  std::int64_t copy_kind(const char* kind, const std::string& insert_and_columns, const char* joins = "") {
    SQLite::Statement find(database_, "SELECT 1 FROM temp.present WHERE kind = ?");
    bind_all(find, std::string_view(kind));
    if (!find.executeStep()) return 0;
    return copy(insert_and_columns + " FROM source.activity " + joins +
                " WHERE run = :run AND rank = :rank AND kind = '" + kind + "' ORDER BY activity.id");
  }

  // Strings keep their ids. A short name is one more string where the file does not have it yet.
  void copy_strings() {
    copy("INSERT INTO StringIds SELECT id, value FROM source.string");
    copy("CREATE TEMP TABLE short (name INTEGER PRIMARY KEY, id INTEGER, is_runtime INTEGER)");
    copy("CREATE UNIQUE INDEX short_by_value ON StringIds (value)");
    SQLite::Statement names(database_, "SELECT id, value FROM source.string");
    SQLite::Statement add(database_, "INSERT INTO StringIds (value) VALUES (?) ON CONFLICT (value) DO NOTHING");
    SQLite::Statement link(database_, "INSERT INTO temp.short SELECT ?, id, ? FROM StringIds WHERE value = ?");
    while (names.executeStep()) {
      const std::string value = names.getColumn(1).getString();
      const std::string name = short_name(value);
      execute(add, name);
      execute(link, names.getColumn(0).getInt64(), value.starts_with("cuda"), name);
    }
    execute(add, "rank " + std::to_string(profile_.rank));
    names.reset();
    database_.exec("DROP INDEX short_by_value");
  }

  void describe() {
    copy(
        "INSERT INTO META_DATA_EXPORT VALUES ('EXPORT_SCHEMA_VERSION', :version), ('EXPORT_PRODUCT_NAME', "
        "'diffbench'), "
        "('EXPORT_PRODUCT_VERSION', (SELECT program_version FROM source.run WHERE id = :run))");
    copy(
        "INSERT INTO META_DATA_CAPTURE VALUES ('DIFFBENCH_KERNEL_SOURCE', "
        "CASE :source WHEN 'cupti' THEN 'cupti' ELSE 'cpu_record_function' END)");
    copy(
        "INSERT INTO TARGET_INFO_SESSION_START_TIME SELECT :base, text, text FROM "
        "(SELECT strftime('%Y-%m-%dT%H:%M:%SZ', :base / 1000000000, 'unixepoch') AS text)");
    copy("INSERT INTO PROCESSES VALUES (:global_pid, :pid, 'diffbench')");
    copy("INSERT INTO MPI_RANKS VALUES (:global_pid | :pid, :rank)");
    copy("INSERT INTO ThreadNames SELECT id, NULL, :global_pid | :pid FROM StringIds WHERE value = 'rank ' || :rank");
    copy(
        "INSERT INTO DIAGNOSTIC_EVENT SELECT 0, 0, 0, 2, :dropped || ' activity records were dropped', :global_pid "
        "WHERE :dropped > 0");
    copy(
        "INSERT INTO TARGET_INFO_GPU (vmId, id, name, isDiscrete, cuDevice) SELECT DISTINCT 0, device, :device_name, "
        ":source = 'cupti', device FROM temp.present WHERE kind IN ('kernel', 'copy', 'set') OR "
        "(:source <> 'cupti' AND kind = 'cpu_operator')");
    copy("INSERT INTO TARGET_INFO_CUDA_DEVICE (gpuId, cudaId, pid) SELECT id, cuDevice, :pid FROM TARGET_INFO_GPU");
    copy(
        "INSERT INTO ANALYSIS_DETAILS SELECT 0, duration, 0, duration FROM (SELECT ifnull(max(end_ns) - :base, 0) AS "
        "duration "
        "FROM source.scope WHERE run = :run AND rank = :rank)");
  }

  std::int64_t copy_scopes() {
    const std::int64_t rows = copy(
        "INSERT INTO NVTX_EVENTS (start, \"end\", eventType, text, globalTid, textId, domainId, eventId) "
        "SELECT begin_ns - :base, end_ns - :base, 59, value, :global_pid | (thread & 0xFFFFFF), name, 0, scope.id "
        "FROM source.scope JOIN source.string ON string.id = scope.name WHERE run = :run AND rank = :rank ORDER BY "
        "scope.id");
    copy(
        "INSERT INTO DIFFBENCH_SCOPE SELECT scope.id, parent, cell, key, phase, step, evaluation, t, block, rows, "
        "rows_inside FROM source.scope LEFT JOIN source.cell ON cell.id = scope.cell WHERE scope.run = :run AND "
        "scope.rank = :rank ORDER BY scope.id");
    return rows;
  }

  std::int64_t copy_cpu_operators() {
    copy_kernels("cpu_operator", "activity.id", "1");
    copy_places("cpu_operator");
    return copy_kind("cpu_operator",
                     "INSERT INTO CUPTI_ACTIVITY_KIND_RUNTIME SELECT begin_ns - :base, end_ns - :base, 0, "
                     ":global_pid | (ifnull(thread, :pid) & 0xFFFFFF), activity.id, activity.name, 0, NULL");
  }

  std::int64_t copy_gpu_activities() {
    std::int64_t rows = copy_kernels("kernel", "correlation_id", "0");
    // from where to where is in the name that the recorder gave
    rows += copy_kind(
        "copy",
        "INSERT INTO CUPTI_ACTIVITY_KIND_MEMCPY (rowid, start, \"end\", deviceId, contextId, streamId, "
        "correlationId, globalPid, bytes, copyKind, graphNodeId) SELECT activity.id, begin_ns - :base, end_ns - "
        ":base, device, 1, stream, correlation_id, :global_pid, ifnull(size_bytes, 0), "
        "CASE WHEN value LIKE '%HtoD%' THEN 1 WHEN value LIKE '%DtoH%' THEN 2 WHEN value LIKE '%DtoD%' THEN 8 "
        "WHEN value LIKE '%HtoH%' THEN 9 WHEN value LIKE '%PtoP%' THEN 10 ELSE 0 END, nullif(graph_node, 0)",
        "JOIN source.string ON string.id = activity.name");
    rows += copy_kind(
        "set",
        "INSERT INTO CUPTI_ACTIVITY_KIND_MEMSET (rowid, start, \"end\", deviceId, contextId, streamId, "
        "correlationId, globalPid, value, bytes, graphNodeId) SELECT activity.id, begin_ns - :base, end_ns - "
        ":base, device, 1, stream, correlation_id, :global_pid, 0, ifnull(size_bytes, 0), nullif(graph_node, 0)");
    for (const char* kind : {"kernel", "copy", "set"}) copy_places(kind);
    copy_graph_nodes();
    rows += copy_calls();
    rows +=
        copy_kind("synchronization",
                  "INSERT INTO CUPTI_ACTIVITY_KIND_SYNCHRONIZATION SELECT begin_ns - :base, end_ns - :base, device, 1, "
                  "NULL, stream, correlation_id, :global_pid, 0, 0, NULL");
    rows += copy_kind("overhead",
                      "INSERT INTO PROFILER_OVERHEAD SELECT begin_ns - :base, end_ns - :base, "
                      ":global_pid | (ifnull(thread, :pid) & 0xFFFFFF), activity.name, 0");
    // not kernels here: readers would count the time twice
    rows += copy_kind("cpu_operator",
                      "INSERT INTO DIFFBENCH_CPU_OP SELECT begin_ns - :base, end_ns - :base, "
                      ":global_pid | (ifnull(thread, :pid) & 0xFFFFFF), activity.name, scope");
    return rows;
  }

  // Readers find the range of a replayed kernel by where its node was captured. We know the scope of the capture, so
  // the event lies at its begin, and a node is its own original.
  void copy_graph_nodes() {
    SQLite::Statement find(database_, "SELECT 1 FROM temp.present WHERE in_graph");
    if (!find.executeStep()) return;
    copy(
        "INSERT INTO CUDA_GRAPH_NODE_EVENTS SELECT min(scope.begin_ns + 1, scope.end_ns) - :base, "
        "min(scope.begin_ns + 1, scope.end_ns) - :base, 77, :global_pid | (scope.thread & 0xFFFFFF), node.name, "
        "node.id, "
        "node.id FROM (SELECT graph_node AS id, min(name) AS name, min(scope) AS scope FROM source.activity "
        "WHERE run = :run AND rank = :rank AND attribution = 'graph_node' GROUP BY graph_node) AS node "
        "JOIN source.scope ON scope.id = node.scope ORDER BY node.id");
  }

  // One row per correlation id, or readers would count its kernel twice: a call of the runtime stands for the driver's
  // call inside it.
  std::int64_t copy_calls() {
    copy("CREATE UNIQUE INDEX call_by_correlation ON CUPTI_ACTIVITY_KIND_RUNTIME (correlationId)");
    const std::int64_t rows = copy(
        "INSERT INTO CUPTI_ACTIVITY_KIND_RUNTIME SELECT begin_ns - :base, end_ns - :base, 1 - short.is_runtime, "
        ":global_pid | (ifnull(thread, :pid) & 0xFFFFFF), correlation_id, activity.name, 0, NULL FROM source.activity "
        "JOIN temp.short ON short.name = activity.name WHERE run = :run AND rank = :rank AND kind = 'api_call' "
        "ORDER BY activity.id ON CONFLICT (correlationId) DO UPDATE SET start = excluded.start, \"end\" = "
        "excluded.\"end\", "
        "eventClass = excluded.eventClass, globalTid = excluded.globalTid, nameId = excluded.nameId "
        "WHERE excluded.eventClass < CUPTI_ACTIVITY_KIND_RUNTIME.eventClass");
    copy("DROP INDEX call_by_correlation");
    return rows;
  }

  // `correlation` and `size`, of the grid, are SQL
  std::int64_t copy_kernels(const char* kind, const std::string& correlation, const std::string& size) {
    return copy_kind(
        kind,
        "INSERT INTO CUPTI_ACTIVITY_KIND_KERNEL (rowid, start, \"end\", deviceId, contextId, streamId, correlationId, "
        "globalPid, demangledName, shortName, launchType, registersPerThread, gridX, gridY, gridZ, blockX, blockY, "
        "blockZ, "
        "staticSharedMemory, dynamicSharedMemory, localMemoryPerThread, localMemoryTotal, gridId, graphNodeId) "
        "SELECT activity.id, begin_ns - :base, end_ns - :base, device, 1, stream, " +
            correlation + ", :global_pid, activity.name, short.id, 1, 0, " + size + ", " + size + ", " + size + ", " +
            size + ", " + size + ", " + size + ", 0, 0, 0, 0, 0, nullif(graph_node, 0)",
        "JOIN temp.short ON short.name = activity.name");
  }

  void copy_places(const char* kind) {
    copy_kind(
        kind,
        "INSERT INTO DIFFBENCH_KERNEL SELECT activity.id, kind, scope, attribution, shape.value, flops, moved_bytes",
        "LEFT JOIN source.string AS shape ON shape.id = activity.shapes");
  }

  std::int64_t run_;
  RankProfile profile_;
  SQLite::Database database_;
};

}  // namespace

std::int64_t write_nsys(const ExportRequest& request) { return NsysWriter(request).write(); }

}  // namespace diffbench::results
