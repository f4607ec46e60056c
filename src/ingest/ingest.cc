#include "ingest/ingest.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <map>

#include "core/names.h"
#include "core/thread_pool.h"
#include "ingest/fill.h"
#include "ingest/periods.h"
#include "ingest/series_bins.h"
#include "ingest/verdicts.h"
#include "plant/derived.h"

namespace forewarn {
namespace {

constexpr size_t kFirstGaps = 5;
// A grid beyond this many rows must have readings in at least one row of a hundred.
constexpr uint64_t kManyRows = 100'000;
constexpr uint64_t kMaxRows = 50'000'000;
constexpr char kUnknownTag[] = "the plant file knows no such tag";

struct Grid {
  int64_t first = std::numeric_limits<int64_t>::max();  // bin numbers
  int64_t last = std::numeric_limits<int64_t>::min();
  size_t rows() const { return static_cast<size_t>(last - first + 1); }
};

ReportRows ToRows(const std::string& reason, const Rejections& rejections,
                  const std::vector<std::string>& files) {
  ReportRows rows{reason, rejections.count, {}};
  for (const RejectedPlace& place : rejections.places) {
    rows.places.push_back({place.file < files.size() ? files[place.file] : "", place.row, place.text});
  }
  return rows;
}

// The part of a series' report that the readers already know.
void TakeRejections(const RawData& data, const std::string& tag, SeriesReport& report) {
  report.tag = tag;
  if (const auto it = data.rows_read.find(tag); it != data.rows_read.end()) report.rows_read = it->second;
  const auto it = data.rejected.find(tag);
  if (it == data.rejected.end()) return;
  for (const auto& [reason, rejections] : it->second) {
    report.rejections.push_back(ToRows(reason, rejections, data.files));
    report.rejected += rejections.count;
  }
}

// Series the plant does not have: every reading is rejected, and said.
SeriesReport UnknownSeries(const RawData& data, const std::string& tag) {
  SeriesReport report;
  report.in_plant = false;
  TakeRejections(data, tag, report);
  const auto it = data.series.find(tag);
  if (it == data.series.end() || it->second.size() == 0) return report;
  const RawSeries& series = it->second;
  ReportRows rows{kUnknownTag, series.size(), {}};
  for (size_t i = 0; i < std::min(series.size(), Rejections::kPlaces); ++i) {
    rows.places.push_back({data.files[series.FileOf(i)], series.row[i], ""});
  }
  report.rejections.push_back(std::move(rows));
  report.rejected += series.size();
  return report;
}

Status CheckGrid(const Grid& grid, const std::vector<SeriesBins>& bins, const IngestReport& report,
                 PlantTime interval) {
  uint64_t most = 0;
  for (const SeriesBins& b : bins) most = std::max<uint64_t>(most, b.bin.size());
  const uint64_t rows = grid.rows();
  if (rows <= kMaxRows && (rows <= kManyRows || rows / 100 <= most)) return Status::Ok();
  const auto place = [&](bool last) {
    for (size_t i = 0; i < bins.size(); ++i) {
      if (bins[i].bin.empty() || (last ? bins[i].bin.back() != grid.last : bins[i].bin.front() != grid.first))
        continue;
      const RejectedPlace& where = last ? bins[i].last_place : bins[i].first_place;
      return fmt::format("{} ({}:{})", FormatPlantTime(last ? report.series[i].last : report.series[i].first),
                         report.files[where.file], where.row);
    }
    return std::string();
  };
  return Status::Invalid(
      fmt::format("the readings run from {} to {}: {} rows of {}, nearly all empty; correct or remove the "
                  "stray timestamp",
                  place(false), place(true), rows, FormatDuration(interval)));
}

bool HasExtremes(const Plant& plant, const std::string& series) {
  if (plant.FindTag(series) != nullptr) return true;
  return std::any_of(plant.controllers.begin(), plant.controllers.end(),
                     [&](const Controller& c) { return series == c.id + "_pv"; });
}

void CountGaps(const SeriesBins& bins, PlantTime interval, SeriesReport& report) {
  for (size_t b = 1; b < bins.bin.size(); ++b) {
    const auto empty = static_cast<uint64_t>(bins.bin[b] - bins.bin[b - 1] - 1);
    if (empty == 0) continue;
    ++report.gaps;
    report.longest_gap = std::max(report.longest_gap, empty);
    if (report.first_gaps.size() < kFirstGaps)
      report.first_gaps.push_back({(bins.bin[b - 1] + 1) * interval, empty});
  }
}

// A series' columns of the table.
struct GridSeries {
  bool present = false;
  std::vector<double> value;
  std::vector<double> max;
  std::vector<double> min;
  std::vector<bool> looks_ahead;
};

// Why no reading is usable: tags the plant does not have, or what became of the rows, with the first place of
// each reason.
std::string WhyNothing(const std::vector<SeriesReport>& all, const std::vector<std::string>& plant) {
  std::vector<std::string> unknown;
  std::map<std::string, uint64_t> counts;
  std::map<std::string, std::string> first;
  for (const SeriesReport& series : all) {
    if (!series.in_plant && !series.tag.empty()) unknown.push_back(series.tag);
    std::vector<ReportRows> fates = series.rejections;
    fates.push_back(series.bad_quality);
    fates.back().reason = "of bad quality";
    for (const ReportRows& rows : fates) {
      if (rows.count == 0) continue;
      counts[rows.reason] += rows.count;
      if (first[rows.reason].empty() && !rows.places.empty()) {
        first[rows.reason] =
            fmt::format(", first at {}:{}", rows.places.front().file, rows.places.front().row);
      }
    }
  }
  if (!unknown.empty())
    return fmt::format("the files have: {}; the plant has: {}", JoinNames(unknown), JoinNames(plant));
  if (counts.empty()) return "the files hold no rows";
  std::vector<std::string> parts;
  for (const auto& [reason, count] : counts)
    parts.push_back(fmt::format("{} {}{}", count, reason, first[reason]));
  return "rejected: " + JoinNames(parts, "; ");
}

class Gridder {
 public:
  Gridder(RawData data, const Plant& plant, const IngestOptions& options)
      : data_(std::move(data)), plant_(plant), options_(options), names_(plant.SeriesNames()) {}

  Result<IngestResult> Run() {
    Describe();
    BinAll();
    FW_RETURN_IF_ERROR(FindGrid());
    FillAll();
    BuildTable();
    FindPeriods(plant_, result_.table, result_.report);
    result_.report.columns = result_.table.names();
    return std::move(result_);
  }

 private:
  IngestReport& report() { return result_.report; }

  void Describe() {
    report().plant = plant_.name;
    report().files = data_.files;
    report().interval = plant_.interval;
    report().notes = data_.notes;
    for (const std::string& name : names_) {
      SeriesReport& series = report().series.emplace_back();
      TakeRejections(data_, name, series);
      series.unit = plant_.Describe(name).unit;
    }
    std::map<std::string, bool> others;  // names of series, rejections and counts that are not the plant's
    for (const auto& [tag, series] : data_.series) others[tag] = true;
    for (const auto& [tag, reasons] : data_.rejected) others[tag] = true;
    for (const auto& [tag, rows] : data_.rows_read) others[tag] = true;
    for (const std::string& name : names_) others.erase(name);
    for (const auto& [tag, unused] : others) report().series.push_back(UnknownSeries(data_, tag));
    for (const auto& [tag, unused] : others) data_.series.erase(tag);
  }

  void BinAll() {
    bins_.resize(names_.size());
    std::vector<RawSeries> raw(names_.size());
    for (size_t i = 0; i < names_.size(); ++i) {
      const auto it = data_.series.find(names_[i]);
      if (it != data_.series.end()) raw[i] = std::move(it->second);
    }
    data_.series.clear();
    ParallelFor(names_.size(), options_.threads, [&](size_t i) {
      bins_[i] = BinSeries(std::move(raw[i]), plant_.interval, data_.files, report().series[i]);
      CountGaps(bins_[i], plant_.interval, report().series[i]);
      Report(options_.progress, "ingest: binning", i + 1, names_.size());
    });
  }

  Status FindGrid() {
    for (const SeriesBins& bins : bins_) {
      if (bins.bin.empty()) continue;
      grid_.first = std::min(grid_.first, bins.bin.front());
      grid_.last = std::max(grid_.last, bins.bin.back());
    }
    if (grid_.first > grid_.last) {
      return Status::Invalid(fmt::format("no usable reading of any tag of plant '{}' ({})", plant_.name,
                                         WhyNothing(report().series, names_)));
    }
    return CheckGrid(grid_, bins_, report(), plant_.interval);
  }

  // A setpoint that never changed may never have been logged: the plant file's fixed value stands in.
  bool IsFixedSetpoint(size_t i) const {
    return std::any_of(plant_.controllers.begin(), plant_.controllers.end(), [&](const Controller& c) {
      if (!c.sp_fixed || names_[i] != c.id + "_sp") return false;
      const auto pv = std::find(names_.begin(), names_.end(), c.id + "_pv");
      return pv != names_.end() && !bins_[static_cast<size_t>(pv - names_.begin())].bin.empty();
    });
  }

  void FillAll() {
    const size_t rows = grid_.rows();
    columns_.resize(names_.size());
    for (size_t i = 0; i < names_.size(); ++i)
      columns_[i].present = !bins_[i].bin.empty() || IsFixedSetpoint(i);
    ParallelFor(names_.size(), options_.threads, [&](size_t i) {
      SeriesReport& series = report().series[i];
      GridSeries& out = columns_[i];
      SeriesBins& bins = bins_[i];
      if (out.present) {
        out.value.assign(rows, kNull);
        for (size_t b = 0; b < bins.bin.size(); ++b) {
          out.value[static_cast<size_t>(bins.bin[b] - grid_.first)] = bins.median[b];
        }
        out.looks_ahead.assign(rows, false);
        series.cells = FillColumn(out.value, FillRuleOf(plant_, names_[i], options_.live), out.looks_ahead);
        series.in_table = true;
        if (HasExtremes(plant_, names_[i])) AddExtremes(bins, out);
      }
      AddVerdicts(plant_, names_[i], bins, grid_.rows(), series);
      bins = {};
    });
  }

  // An empty bin's extremes are the filled value.
  void AddExtremes(const SeriesBins& bins, GridSeries& out) const {
    out.max = out.value;
    out.min = out.value;
    for (size_t b = 0; b < bins.bin.size(); ++b) {
      const auto row = static_cast<size_t>(bins.bin[b] - grid_.first);
      out.max[row] = bins.max[b];
      out.min[row] = bins.min[b];
    }
  }

  void BuildTable() {
    const size_t rows = grid_.rows();
    std::vector<PlantTime> times(rows);
    for (size_t r = 0; r < rows; ++r) times[r] = (grid_.first + static_cast<int64_t>(r)) * plant_.interval;
    report().rows = rows;
    report().from = times.front();
    report().to = times.back();
    Frame& table = result_.table;
    table = Frame(std::move(times));
    std::vector<std::vector<double>> filled((names_.size() + kFilledBits - 1) / kFilledBits,
                                            std::vector<double>(rows, 0));
    for (size_t i = 0; i < names_.size(); ++i) {
      GridSeries& column = columns_[i];
      if (!column.present) continue;
      table.Set(names_[i], std::move(column.value));
      if (!column.max.empty()) table.Set(MaxName(names_[i]), std::move(column.max));
      if (!column.min.empty()) table.Set(MinName(names_[i]), std::move(column.min));
      const auto bit = static_cast<double>(uint64_t{1} << (i % kFilledBits));
      for (size_t r = 0; r < rows; ++r) {
        if (column.looks_ahead[r]) filled[i / kFilledBits][r] += bit;
      }
    }
    AddDerivedColumns(plant_, table, true);
    for (size_t i = 0; i < filled.size(); ++i) table.Set(FilledColumn(i), std::move(filled[i]));
  }

  RawData data_;
  const Plant& plant_;
  const IngestOptions& options_;
  const std::vector<std::string> names_;
  std::vector<SeriesBins> bins_;
  std::vector<GridSeries> columns_;
  Grid grid_;
  IngestResult result_;
};

}  // namespace

std::string FilledColumn(size_t i) {
  return i == 0 ? std::string(kFilledColumn) : fmt::format("{}_{}", kFilledColumn, i + 1);
}

Result<IngestResult> Ingest(RawData data, const Plant& plant, const IngestOptions& options) {
  return Gridder(std::move(data), plant, options).Run();
}

}  // namespace forewarn
