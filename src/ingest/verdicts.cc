#include "ingest/verdicts.h"

#include <fmt/format.h>

#include <algorithm>

namespace forewarn {
namespace {

constexpr size_t kStuckCells = 24;
constexpr uint64_t kSaturatedReadings = 24;

enum class Role { kMeasured, kOutput, kSetpoint };

Role RoleOf(const Plant& plant, const std::string& series) {
  for (const Controller& controller : plant.controllers) {
    if (series == controller.id + "_op") return Role::kOutput;
    if (series == controller.id + "_sp") return Role::kSetpoint;
  }
  return Role::kMeasured;
}

// The longest run of bins whose readings all have one value; gaps inside it count.
void AddStuck(const SeriesBins& bins, PlantTime interval, size_t grid_rows, SeriesReport& report) {
  size_t best = 0;
  size_t best_begin = 0;
  size_t best_end = 0;
  for (size_t b = 0; b < bins.bin.size();) {
    size_t end = b + 1;
    if (bins.min[b] == bins.max[b]) {
      while (end < bins.bin.size() && bins.min[end] == bins.min[b] && bins.max[end] == bins.min[b]) ++end;
      const auto cells = static_cast<size_t>(bins.bin[end - 1] - bins.bin[b] + 1);
      if (cells > best) {
        best = cells;
        best_begin = b;
        best_end = end - 1;
      }
    }
    b = end;
  }
  if (best < std::max(kStuckCells, grid_rows / 10)) return;
  report.verdicts.push_back(fmt::format("stuck at {} from {} to {} ({} of {} cells)", bins.min[best_begin],
                                        FormatPlantTime(bins.bin[best_begin] * interval),
                                        FormatPlantTime(bins.bin[best_end] * interval), best, grid_rows));
}

double Share(uint64_t part, uint64_t whole) { return static_cast<double>(part) / static_cast<double>(whole); }

void AddSaturated(const Plant& plant, const std::string& series, const SeriesBins& bins,
                  SeriesReport& report) {
  const Tag* tag = plant.FindTag(series);
  if (tag != nullptr && IsValid(tag->saturated_above)) {
    const auto above =
        static_cast<uint64_t>(std::count_if(bins.median.begin(), bins.median.end(),
                                            [&](double median) { return median > tag->saturated_above; }));
    if (2 * above < bins.median.size()) return;
    report.verdicts.push_back(fmt::format("saturated: above {} in {:.0f} % of the cells with readings",
                                          tag->saturated_above, 100 * Share(above, bins.median.size())));
    return;
  }
  const SeriesStatistics& s = report.statistics;
  if (report.accepted < kSaturatedReadings || s.min == s.max) return;
  if (2 * bins.at_max >= report.accepted) {
    report.verdicts.push_back(fmt::format("saturated: {:.0f} % of the readings are its highest value {}",
                                          100 * Share(bins.at_max, report.accepted), s.max));
  } else if (2 * bins.at_min >= report.accepted) {
    report.verdicts.push_back(fmt::format("saturated: {:.0f} % of the readings are its lowest value {}",
                                          100 * Share(bins.at_min, report.accepted), s.min));
  }
}

}  // namespace

void AddVerdicts(const Plant& plant, const std::string& series, const SeriesBins& bins, size_t grid_rows,
                 SeriesReport& report) {
  if (bins.bin.empty()) {
    report.verdicts.push_back(report.in_table ? "no readings: the plant file's fixed value throughout"
                                              : "no readings: left out of the table");
    return;
  }
  const Role role = RoleOf(plant, series);
  if (role == Role::kMeasured) AddStuck(bins, plant.interval, grid_rows, report);
  if (role != Role::kSetpoint) AddSaturated(plant, series, bins, report);
}

}  // namespace forewarn
