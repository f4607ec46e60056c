#include "io/historian_rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <initializer_list>
#include <set>

#include "core/names.h"
#include "io/text_encoding.h"

namespace forewarn {
namespace {

size_t FindName(const std::vector<std::string>& names, std::initializer_list<std::string_view> wanted) {
  for (const std::string_view want : wanted) {
    const auto at = std::find(names.begin(), names.end(), want);
    if (at != names.end()) return static_cast<size_t>(at - names.begin());
  }
  return HistorianColumns::kNone;
}

// Short, printable, UTF-8.
std::string Shown(std::string_view cell) {
  cell = Trim(cell).substr(0, 40);
  std::string out = IsValidUtf8(cell) ? std::string(cell) : Latin1ToUtf8(cell);
  std::replace_if(out.begin(), out.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; }, ' ');
  return out;
}

}  // namespace

Result<HistorianColumns> HistorianColumns::Find(std::vector<std::string> names,
                                                const std::string& time_column, const std::string& file) {
  HistorianColumns out;
  std::vector<std::string> lower;
  for (const std::string& name : names) lower.push_back(ToLower(Trim(name)));
  const std::string first_choice = ToLower(Trim(time_column));
  out.time = FindName(lower, {first_choice, "timestamp", "time", "datetime", "date_time", "date"});
  if (out.time == kNone) {
    return Status::Invalid(fmt::format("{}:1: no '{}' column; the file has: {}", file, first_choice,
                                       JoinNames(names).substr(0, 400)));
  }
  out.tag = FindName(lower, {"tag", "tagname", "tag_name", "point", "name"});
  out.value = FindName(lower, {"value", "val"});
  out.is_long = out.tag != kNone && out.value != kNone;
  if (out.is_long) {
    out.quality = FindName(lower, {"quality", "status"});
  } else {
    std::set<std::string> seen;
    for (const std::string& name : lower) {
      if (!name.empty() && !seen.insert(name).second) {
        return Status::Invalid(fmt::format("{}:1: two columns are named '{}'; rename one", file, name));
      }
    }
    if (names.size() < 2) {
      return Status::Invalid(
          fmt::format("{}:1: no column beside '{}'; a column a tag is needed, or tag, timestamp, "
                      "value",
                      file, names[out.time]));
    }
  }
  out.names = std::move(names);
  return out;
}

bool ParseQuality(std::string_view text, Quality& quality) {
  text = Trim(text);
  if (text == "Good" || text.empty()) {
    quality = Quality::kGood;
    return true;
  }
  unsigned code = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), code);
  if (error == std::errc() && end == text.data() + text.size()) {
    const unsigned major = (code & 0xC0) >> 6;  // OPC DA: the two high bits of the low byte
    quality = major == 3 ? Quality::kGood : major == 1 ? Quality::kUncertain : Quality::kBad;
    return true;
  }
  const std::string word = ToLower(text.substr(0, 32));
  if (word.starts_with("good") || word == "g" || word == "ok") {
    quality = Quality::kGood;
  } else if (word.starts_with("uncertain") || word == "u" || word == "questionable" || word == "suspect") {
    quality = Quality::kUncertain;
  } else if (word.starts_with("bad") || word == "b") {
    quality = Quality::kBad;
  } else {
    return false;
  }
  return true;
}

std::string TimeReason(TimeIssue issue, bool empty) {
  if (empty) return "no time";
  return issue == TimeIssue::kNever ? "time skipped by the clock change" : "unreadable time";
}

std::string CellReason(CellKind kind, std::string_view cell) {
  switch (kind) {
    case CellKind::kEmpty:
      return Trim(cell).empty() ? "no value" : fmt::format("state string '{}'", Shown(cell));
    case CellKind::kInfinite:
      return "infinite value";
    case CellKind::kAmbiguous:
      return "ambiguous number (decimal comma or thousands)";
    default:
      return fmt::format("state string '{}'", Shown(cell));
  }
}

HistorianRows::HistorianRows(const HistorianColumns& columns, DecimalComma comma, TimeParser times)
    : columns_(columns), comma_(comma), times_(std::move(times)) {
  if (columns_.is_long) return;
  for (const std::string& name : columns_.names) wide_tags_.push_back(tags_.Intern(ToLower(Trim(name))));
}

void HistorianRows::Add(const std::string_view* cells, size_t count, uint32_t line) {
  if (count != columns_.names.size()) {
    TagChunk& nobody = tags_.chunk(0);
    ++nobody.rows_read;
    nobody.rejected[count < columns_.names.size() ? "too few cells" : "too many cells"].Add(0, line,
                                                                                            cells[0]);
    return;
  }
  columns_.is_long ? AddLong(cells, line) : AddWide(cells, line);
}

void HistorianRows::AddCell(TagChunk& chunk, const TextTime& time, std::string_view time_text,
                            std::string_view cell, Quality quality, uint32_t line) {
  ++chunk.rows_read;
  if (time.issue != TimeIssue::kNone) {
    chunk.rejected[TimeReason(time.issue, Trim(time_text).empty())].Add(0, line, time_text);
    return;
  }
  double value = 0;
  const CellKind kind = ParseNumber(cell, comma_, value);
  if (kind == CellKind::kNumber) {
    chunk.Add(time, value, quality, line);
  } else {
    chunk.rejected[CellReason(kind, cell)].Add(0, line, cell);
  }
}

void HistorianRows::AddLong(const std::string_view* cells, uint32_t line) {
  const size_t tag = tags_.Find(cells[columns_.tag]);
  TagChunk& chunk = tags_.chunk(tag);
  const std::string_view time_text = cells[columns_.time];
  if (tag == 0) {
    ++chunk.rows_read;
    chunk.rejected["no tag"].Add(0, line, time_text);
    return;
  }
  Quality quality = Quality::kGood;
  if (columns_.quality != HistorianColumns::kNone && !ParseQuality(cells[columns_.quality], quality)) {
    ++chunk.rows_read;
    chunk.rejected[fmt::format("unknown quality '{}'", Shown(cells[columns_.quality]))].Add(
        0, line, cells[columns_.quality]);
    return;
  }
  AddCell(chunk, times_.Parse(time_text), time_text, cells[columns_.value], quality, line);
}

void HistorianRows::AddWide(const std::string_view* cells, uint32_t line) {
  const std::string_view time_text = cells[columns_.time];
  const TextTime time = times_.Parse(time_text);
  bool any = false;
  for (size_t c = 0; c < columns_.names.size(); ++c) {
    if (c == columns_.time || wide_tags_[c] == 0 || Trim(cells[c]).empty()) continue;
    any = true;
    AddCell(tags_.chunk(wide_tags_[c]), time, time_text, cells[c], Quality::kGood, line);
  }
  if (!any && time.issue != TimeIssue::kNone) {  // nobody's row, but still a row that was lost
    TagChunk& nobody = tags_.chunk(0);
    ++nobody.rows_read;
    nobody.rejected[TimeReason(time.issue, Trim(time_text).empty())].Add(0, line, time_text);
  }
}

}  // namespace forewarn
