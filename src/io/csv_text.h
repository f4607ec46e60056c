// CSV as text: records of cells, and what dialect a file speaks. Delimiter comma, semicolon or tab; quoted
// cells with doubled quotes, delimiters and line ends inside; lines end by LF, CRLF or CR. Limits keep a
// broken file from eating the machine. A cursor belongs to one thread; the text must outlive its cells.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "core/status.h"
#include "io/number_text.h"

namespace forewarn {

inline constexpr size_t kMaxCsvColumns = 16384;         // Excel's own limit
inline constexpr size_t kMaxCsvCell = size_t{1} << 20;  // bytes

struct CsvCell {
  std::string_view text;  // without the quotes, doubled quotes made single
  bool quoted = false;
};

class CsvCursor {
 public:
  // `name` is for messages; first_line is the line number of text's first line.
  CsvCursor(std::string_view text, char delimiter, std::string_view name, uint64_t first_line = 1)
      : text_(text), delimiter_(delimiter), name_(name), line_(first_line) {}

  // The next record that is not a blank line. False at the end and on a failure (see status()). Cells are
  // valid until the next call.
  bool Next(std::vector<CsvCell>& cells);
  // Line on which the last record began, 1-based.
  uint64_t line() const { return record_line_; }
  // Where the next record would begin, and on which line.
  size_t position() const { return at_; }
  uint64_t next_line() const { return line_; }
  const Status& status() const { return status_; }

 private:
  bool Quoted(size_t column, CsvCell& cell);
  bool Fail(size_t column, const std::string& what);

  std::string_view text_;
  char delimiter_;
  std::string_view name_;
  size_t at_ = 0;
  uint64_t line_;
  uint64_t record_line_ = 0;
  std::deque<std::string> unescaped_;  // of the current record
  Status status_;
};

struct CsvDialect {
  char delimiter = ',';
  DecimalComma comma = DecimalComma::kNo;
};

// From the first lines of the text (at most 64 KiB are looked at): the delimiter under which most lines have
// as many cells as the first; the decimal comma from cells that look like numbers. Fails where no delimiter
// gives more than one column and another sign ('|', …) stands between the words.
Result<CsvDialect> DetectDialect(std::string_view text, std::string_view name);

}  // namespace forewarn
