// The view cell_summary of a run as RFC 4180 says: a header, quotes where needed, lines that end with CR LF. NULL is an
// empty field.
#include "results/export/formats.h"
#include "results/export/output_file.h"
#include "results/sql.h"

namespace diffbench::results {
namespace {

std::string field(std::string_view text) {
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) return std::string(text);
  std::string quoted = "\"";
  for (const char character : text) {
    if (character == '"') quoted += '"';
    quoted += character;
  }
  return quoted + '"';
}

}  // namespace

std::int64_t write_csv(const ExportRequest& request) {
  SQLite::Statement row(request.store.database(), "SELECT * FROM cell_summary WHERE run = ? ORDER BY cell");
  bind_all(row, request.run);
  OutputFile file(request.path, false);
  for (int column = 0; column < row.getColumnCount(); ++column) {
    file.text(column == 0 ? "" : ",").text(row.getColumnName(column));
  }
  file.text("\r\n");
  std::int64_t count = 0;
  for (; row.executeStep(); ++count) {
    for (int column = 0; column < row.getColumnCount(); ++column) {
      const SQLite::Column value = row.getColumn(column);
      file.text(column == 0 ? "" : ",");
      if (value.isFloat()) {
        file.real(value.getDouble());  // SQLite's own text has 15 digits, which do not read back as the same number
      } else if (!value.isNull()) {
        file.text(field(value.getString()));
      }
    }
    file.text("\r\n");
  }
  file.close();
  return count;
}

}  // namespace diffbench::results
