#include "results/merge.h"

#include <unistd.h>

#include <algorithm>
#include <map>
#include <system_error>
#include <tuple>

#include "results/join_parts.h"
#include "results/run_copy.h"
#include "results/sql.h"
#include "results/store.h"

namespace diffbench::results {
namespace {

namespace fs = std::filesystem;

// A copy of a run in one of the files.
struct Copy {
  std::string uid{};
  std::string started_utc{};
  bool is_finished = false;
  std::int64_t timing_count = 0;
  std::int64_t run = 0;
  fs::path file{};
};

struct Catalogue {
  std::vector<Copy> runs{};  // by start and uid: the same in whatever order the files were given
  std::int64_t copy_count = 0;
  std::vector<std::pair<std::string, std::string>> pairings{};  // uids of the old and the new run
};

Catalogue read_catalogue(const std::vector<fs::path>& files) {
  Catalogue catalogue;
  std::map<std::string, Copy> best;
  for (const fs::path& file : files) {
    const Store store = Store::open_read_only(file);
    guarded(store.name(), [&] {
      SQLite::Statement check(store.database(), "PRAGMA quick_check(1)");  // a cut file is refused before it is copied
      if (check.executeStep() && check.getColumn(0).getString() != "ok") {
        throw DatabaseError(store.name() + ": damaged: " + check.getColumn(0).getString());
      }
      SQLite::Statement row(store.database(),
                            "SELECT uid, started_utc, status <> 'running', (SELECT count(*) FROM timing JOIN cell ON "
                            "cell.id = timing.cell WHERE cell.run = run.id), id FROM run");
      while (row.executeStep()) {
        ++catalogue.copy_count;
        Copy copy{.uid = row.getColumn(0).getString(),
                  .started_utc = row.getColumn(1).getString(),
                  .is_finished = row.getColumn(2).getInt() != 0,
                  .timing_count = row.getColumn(3).getInt64(),
                  .run = row.getColumn(4).getInt64(),
                  .file = file};
        auto& known = best.try_emplace(copy.uid, copy).first->second;
        const auto worth = [](const Copy& one) { return std::tuple(one.is_finished, one.timing_count); };
        if (worth(copy) > worth(known)) known = copy;
      }
      SQLite::Statement pair(
          store.database(),
          "SELECT older.uid, newer.uid FROM pairing JOIN run AS older ON older.id = old_run JOIN run "
          "AS newer ON newer.id = new_run");
      while (pair.executeStep()) {
        catalogue.pairings.emplace_back(pair.getColumn(0).getString(), pair.getColumn(1).getString());
      }
    });
  }
  for (auto& [uid, copy] : best) catalogue.runs.push_back(std::move(copy));
  std::sort(catalogue.runs.begin(), catalogue.runs.end(), [](const Copy& a, const Copy& b) {
    return std::tie(a.started_utc, a.uid) < std::tie(b.started_utc, b.uid);
  });
  return catalogue;
}

// attached for as long as it lives
class Attached {
 public:
  Attached(SQLite::Database& database, const fs::path& file) : database_(database) {
    SQLite::Statement attach(database_, "ATTACH ? AS source");
    execute(attach, std::string_view(file.string()));
  }
  ~Attached() { database_.tryExec("DETACH source"); }
  Attached(const Attached&) = delete;
  Attached& operator=(const Attached&) = delete;

 private:
  SQLite::Database& database_;
};

Joining fill(const fs::path& target, const Catalogue& catalogue) {
  Store store = Store::open_or_create(target);
  SQLite::Database& database = store.database();
  database.exec("PRAGMA synchronous = OFF");  // a merge that is cut short starts anew
  for (auto run = catalogue.runs.begin(); run != catalogue.runs.end();) {
    const fs::path file = run->file;
    guarded(file.string(), [&] {
      const Attached source(database, file);
      Transaction transaction(store);
      // metrics of quality come with the runs that name them
      database.exec("INSERT OR IGNORE INTO main.metric SELECT * FROM source.metric");
      const RunCopy copy(database);
      for (; run != catalogue.runs.end() && run->file == file; ++run) copy.copy(run->run);
      transaction.commit();
    });
  }
  guarded(target.string(), [&] {
    SQLite::Statement pair(
        database,
        "INSERT OR IGNORE INTO pairing (old_run, new_run) SELECT older.id, newer.id FROM run AS older, "
        "run AS newer WHERE older.uid = ? AND newer.uid = ?");
    for (const auto& [older, newer] : catalogue.pairings)
      execute(pair, std::string_view(older), std::string_view(newer));
  });
  std::map<std::string, std::string> file_of;
  for (const Copy& copy : catalogue.runs) file_of[copy.uid] = copy.file.string();
  return join_parts(store, file_of);
}

}  // namespace

MergeResult merge_files(std::vector<fs::path> files, const fs::path& output) {
  std::error_code error;
  if (fs::exists(output, error) && fs::file_size(output, error) > 0) files.push_back(output);
  const Catalogue catalogue = read_catalogue(files);
  const fs::path temporary = output.string() + ".merging-" + std::to_string(::getpid());
  fs::remove(temporary, error);
  Joining joining;
  try {
    joining = fill(temporary, catalogue);
    fs::rename(temporary, output, error);
    if (error) throw DatabaseError(output.string() + ": cannot be written: " + error.message());
  } catch (...) {
    fs::remove(temporary, error);
    fs::remove(temporary.string() + "-journal", error);
    throw;
  }
  const auto different = static_cast<std::int64_t>(catalogue.runs.size());
  return {.runs = joining.runs,
          .repeated = catalogue.copy_count - different + joining.repeated,
          .joined = std::move(joining.joined)};
}

}  // namespace diffbench::results
