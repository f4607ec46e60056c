#include "io/csv_text.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/names.h"

namespace forewarn {

bool CsvCursor::Fail(size_t column, const std::string& what) {
  status_ = Status::Invalid(fmt::format("{}:{}:{}: {}", name_, record_line_, column, what));
  at_ = text_.size();
  return false;
}

// at_ is just behind the opening quote; leaves it behind the closing one.
bool CsvCursor::Quoted(size_t column, CsvCell& cell) {
  cell.quoted = true;
  std::string* copy = nullptr;
  size_t begin = at_;
  while (true) {
    const size_t quote = text_.find('"', at_);
    if (quote == std::string_view::npos) {
      return Fail(column, "a quote is opened and never closed; the file is cut short or the quote is stray");
    }
    if (quote - begin > kMaxCsvCell) {
      return Fail(column, "a quoted cell of more than 1 MiB; a closing quote is missing before");
    }
    const std::string_view piece = text_.substr(begin, quote - begin);
    line_ += static_cast<uint64_t>(std::count(piece.begin(), piece.end(), '\n'));
    at_ = quote + 1;
    const bool doubled = at_ < text_.size() && text_[at_] == '"';
    if (!doubled && copy == nullptr) {
      cell.text = piece;
      return true;
    }
    if (copy == nullptr) copy = &unescaped_.emplace_back();
    copy->append(piece);
    if (copy->size() > kMaxCsvCell) {
      return Fail(column, "a quoted cell of more than 1 MiB; a closing quote is missing before");
    }
    if (!doubled) {
      cell.text = *copy;
      return true;
    }
    *copy += '"';
    begin = ++at_;
  }
}

bool CsvCursor::Next(std::vector<CsvCell>& cells) {
  cells.clear();
  unescaped_.clear();
  while (at_ < text_.size() && (text_[at_] == '\n' || text_[at_] == '\r')) {
    if (text_[at_] == '\n' || at_ + 1 == text_.size() || text_[at_ + 1] != '\n') ++line_;
    ++at_;
  }
  if (at_ >= text_.size()) return false;
  record_line_ = line_;
  while (true) {
    CsvCell cell;
    if (cells.size() == kMaxCsvColumns) {
      return Fail(cells.size() + 1, fmt::format("more than {} columns; is the file transposed or its line "
                                                "ends lost?",
                                                kMaxCsvColumns));
    }
    if (at_ < text_.size() && text_[at_] == '"') {
      ++at_;
      if (!Quoted(cells.size() + 1, cell)) return false;
      if (at_ < text_.size() && text_[at_] != delimiter_ && text_[at_] != '\n' && text_[at_] != '\r') {
        return Fail(cells.size() + 1, "text after a closing quote; a quote inside a cell must be doubled");
      }
    } else {
      const size_t begin = at_;
      while (at_ < text_.size() && text_[at_] != delimiter_ && text_[at_] != '\n' && text_[at_] != '\r')
        ++at_;
      cell.text = text_.substr(begin, at_ - begin);
      if (cell.text.size() > kMaxCsvCell) {
        return Fail(cells.size() + 1, "a cell of more than 1 MiB; is the delimiter or a line end missing?");
      }
    }
    cells.push_back(cell);
    if (at_ >= text_.size()) return true;
    const char stop = text_[at_++];
    if (stop == delimiter_) continue;
    if (stop == '\r' && at_ < text_.size() && text_[at_] == '\n') ++at_;
    ++line_;
    return true;
  }
}

namespace {

constexpr size_t kSampleBytes = size_t{64} << 10;
constexpr size_t kSampleRecords = 100;

struct Trial {
  size_t header = 0;  // cells of the first record
  // Records with as many, and with no quote inside an unquoted cell: a wrong delimiter cuts quoted cells
  // apart.
  size_t alike = 0;
  size_t records = 0;
};

Trial Try(std::string_view sample, char delimiter) {
  Trial trial;
  CsvCursor cursor(sample, delimiter, "");
  std::vector<CsvCell> cells;
  while (trial.records < kSampleRecords && cursor.Next(cells)) {
    if (trial.records++ == 0) trial.header = cells.size();
    const bool stray = std::any_of(cells.begin(), cells.end(), [](const CsvCell& cell) {
      return !cell.quoted && cell.text.find('"') != std::string_view::npos;
    });
    if (cells.size() == trial.header && !stray) ++trial.alike;
  }
  if (trial.records == 0) trial.header = cells.size();  // a first record that fails shows its delimiter too
  return trial;
}

// "-12,5": digits, one comma, digits.
bool IsCommaNumber(std::string_view cell, bool& three_digits) {
  cell = Trim(cell);
  if (!cell.empty() && (cell.front() == '-' || cell.front() == '+')) cell.remove_prefix(1);
  const size_t comma = cell.find(',');
  if (comma == std::string_view::npos || comma == 0 || comma + 1 == cell.size()) return false;
  for (size_t i = 0; i < cell.size(); ++i) {
    const bool digit = cell[i] >= '0' && cell[i] <= '9';
    if (!digit && i != comma) return false;
  }
  three_digits = cell.size() - comma - 1 == 3 && comma <= 3 && cell[0] != '0';
  return true;
}

// A file separated by semicolons or tabs has no other use for a comma in a number. In a comma-separated one
// only quoted cells can hold it, and "1,234" may mean thousands unless some cell shows otherwise.
DecimalComma DetectComma(std::string_view sample, char delimiter) {
  if (delimiter != ',') return DecimalComma::kYes;
  CsvCursor cursor(sample, delimiter, "");
  std::vector<CsvCell> cells;
  for (size_t n = 0; n < kSampleRecords && cursor.Next(cells); ++n) {
    for (const CsvCell& cell : cells) {
      bool three = false;
      if (cell.quoted && IsCommaNumber(cell.text, three) && !three) return DecimalComma::kYes;
    }
  }
  return DecimalComma::kUncertain;
}

}  // namespace

Result<CsvDialect> DetectDialect(std::string_view text, std::string_view name) {
  std::string_view sample = text.substr(0, kSampleBytes);
  if (sample.size() < text.size()) {  // whole lines only, where there is one
    const size_t last = sample.rfind('\n');
    if (last != std::string_view::npos) sample = sample.substr(0, last + 1);
  }
  CsvDialect best;
  double best_score = -1;
  size_t best_header = 0;
  for (const char delimiter : {',', ';', '\t'}) {
    const Trial trial = Try(sample, delimiter);
    const double share =
        static_cast<double>(trial.alike) / static_cast<double>(std::max<size_t>(1, trial.records));
    const double score = trial.header < 2 ? 0 : 1 + share;
    if (score > best_score || (score == best_score && trial.header > best_header)) {
      best_score = score;
      best_header = trial.header;
      best.delimiter = delimiter;
    }
  }
  if (best_header < 2 && !sample.starts_with('"')) {
    const std::string_view line = sample.substr(0, sample.find_first_of("\r\n"));
    const size_t other = line.find_first_of("|^~#:");
    if (other != std::string_view::npos) {
      return Status::Invalid(fmt::format(
          "{}:1: only one column ('{}'); columns must be separated by comma, semicolon or tab, not '{}'",
          name, line.substr(0, 40), line[other]));
    }
    if (Trim(line).find(' ') != std::string_view::npos) {
      return Status::Invalid(
          fmt::format("{}:1: only one column ('{}'); columns must be separated by comma, semicolon or tab",
                      name, line.substr(0, 40)));
    }
  }
  best.comma = DetectComma(sample, best.delimiter);
  return best;
}

}  // namespace forewarn
