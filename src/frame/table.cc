#include "frame/table.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <numeric>
#include <set>

#include "core/names.h"

namespace forewarn {
namespace {

double NumberOrNull(std::string_view text) {
  text = Trim(text);
  if (!text.empty() && text.front() == '+') text.remove_prefix(1);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) return kNull;
  return value;
}

Result<std::vector<PlantTime>> TimesOf(const TableColumn& column) {
  if (const auto* times = std::get_if<TimeColumn>(&column.data)) return times->values;
  if (const auto* text = std::get_if<TextColumn>(&column.data)) {
    std::vector<PlantTime> out(text->values.size(), kNoTime);
    for (size_t r = 0; r < out.size(); ++r) {
      if (!text->valid[r]) continue;
      auto time = ParsePlantTime(Trim(text->values[r]));
      if (time.ok()) out[r] = *time;
    }
    return out;
  }
  return Status::Invalid(fmt::format("column '{}' holds numbers, not times", column.name));
}

}  // namespace

size_t TableColumn::size() const {
  return std::visit([](const auto& c) { return c.values.size(); }, data);
}

const TableColumn* Table::Find(std::string_view name) const {
  for (const TableColumn& column : columns) {
    if (column.name == name) return &column;
  }
  return nullptr;
}

std::vector<std::string> Table::Names() const {
  std::vector<std::string> out;
  for (const TableColumn& column : columns) out.push_back(column.name);
  return out;
}

std::vector<std::string> ToFrameReport::Words() const {
  std::vector<std::string> words;
  if (unreadable_times > 0) {
    words.push_back(fmt::format("{} of {} rows left out: no readable time (first: data row {})",
                                unreadable_times, rows, fmt::join(first_unreadable_rows, ", ")));
  }
  if (duplicate_times > 0)
    words.push_back(fmt::format("{} rows replaced by a later row of the same time", duplicate_times));
  if (out_of_order > 0) words.push_back(fmt::format("{} rows were out of order", out_of_order));
  for (const auto& [column, cells] : non_numeric) {
    words.push_back(fmt::format("{} cells of column '{}' are no numbers and became empty", cells, column));
  }
  return words;
}

Result<Frame> ToFrame(const Table& table, const std::string& time_column, ToFrameReport* report) {
  ToFrameReport ignored;
  ToFrameReport& r = report != nullptr ? *report : ignored;
  r = {};
  r.rows = table.rows();
  std::vector<std::string> names;
  size_t time_index = table.columns.size();
  const std::string wanted = ToLower(Trim(time_column));
  for (size_t c = 0; c < table.columns.size(); ++c) {
    names.push_back(ToLower(Trim(table.columns[c].name)));
    if (names.back() == wanted && time_index == table.columns.size()) time_index = c;
  }
  if (time_index == table.columns.size()) {
    return Status::Invalid(
        fmt::format("no '{}' column; the table has: {}", wanted, JoinNames(table.Names()).substr(0, 400)));
  }
  if (std::set<std::string>(names.begin(), names.end()).size() != names.size()) {
    for (size_t c = 0; c < names.size(); ++c) {
      if (std::count(names.begin(), names.end(), names[c]) > 1) {
        return Status::Invalid(fmt::format("two columns are named '{}'; rename one", names[c]));
      }
    }
  }
  FW_ASSIGN_OR_RETURN(const std::vector<PlantTime> times, TimesOf(table.columns[time_index]));

  std::vector<size_t> order;
  for (size_t i = 0; i < times.size(); ++i) {
    if (times[i] != kNoTime) {
      if (!order.empty() && times[i] < times[order.back()]) ++r.out_of_order;
      order.push_back(i);
    } else if (r.unreadable_times++ < 5) {
      r.first_unreadable_rows.push_back(i + 1);
    }
  }
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return times[a] < times[b]; });
  std::vector<size_t> kept;
  for (const size_t i : order) {
    if (!kept.empty() && times[kept.back()] == times[i]) {
      kept.back() = i;
      ++r.duplicate_times;
    } else {
      kept.push_back(i);
    }
  }

  std::vector<PlantTime> grid;
  grid.reserve(kept.size());
  for (const size_t i : kept) grid.push_back(times[i]);
  Frame frame(std::move(grid));
  for (size_t c = 0; c < names.size(); ++c) {
    if (c == time_index) continue;
    std::vector<double> cells(kept.size(), kNull);
    size_t lost = 0;
    if (const auto* numbers = std::get_if<NumberColumn>(&table.columns[c].data)) {
      for (size_t k = 0; k < kept.size(); ++k) cells[k] = numbers->values[kept[k]];
    } else if (const auto* text = std::get_if<TextColumn>(&table.columns[c].data)) {
      for (size_t k = 0; k < kept.size(); ++k) {
        if (!text->valid[kept[k]]) continue;
        cells[k] = NumberOrNull(text->values[kept[k]]);
        lost += IsValid(cells[k]) ? 0 : 1;
      }
    } else {
      lost = kept.size();  // a second time column has no number to give
    }
    if (lost > 0) r.non_numeric.emplace_back(names[c], lost);
    frame.Set(names[c], std::move(cells));
  }
  return frame;
}

}  // namespace forewarn
