#include "ingest/series_bins.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace forewarn {
namespace {

template <typename T>
void Free(std::vector<T>& all) {
  std::vector<T>().swap(all);
}

// Floor division, for times before 1970.
int64_t BinNumber(PlantTime time, PlantTime interval) {
  const int64_t q = time / interval;
  return q * interval > time ? q - 1 : q;
}

class Cleaner {
 public:
  Cleaner(RawSeries series, PlantTime interval, const std::vector<std::string>& files, SeriesReport& report)
      : s_(std::move(series)), interval_(interval), files_(files), report_(report) {}

  SeriesBins Run() {
    DropBadQuality();
    const bool sorted = CountOutOfOrder();
    if (s_.size() == 0) return {};
    if (!sorted) SortOrder();
    KeepLastOfEachTime(sorted);
    report_.accepted = values_.size();
    Aggregate();
    Describe();
    return std::move(bins_);
  }

 private:
  void AddPlace(ReportRows& rows, size_t i) {
    if (rows.places.size() < Rejections::kPlaces)
      rows.places.push_back({files_[s_.FileOf(i)], s_.row[i], ""});
  }

  void DropBadQuality() {
    size_t kept = 0;
    std::vector<FileRun> runs;
    for (size_t r = 0; r < s_.file_runs.size(); ++r) {
      const size_t end = r + 1 < s_.file_runs.size() ? s_.file_runs[r + 1].begin : s_.size();
      runs.push_back({kept, s_.file_runs[r].file});
      for (size_t i = s_.file_runs[r].begin; i < end; ++i) {
        if (s_.quality[i] == Quality::kBad) {
          ++report_.bad_quality.count;
          AddPlace(report_.bad_quality, i);
          continue;
        }
        report_.uncertain += s_.quality[i] == Quality::kUncertain ? 1 : 0;
        if (kept != i) {
          s_.times[kept] = s_.times[i];
          s_.values[kept] = s_.values[i];
          s_.row[kept] = s_.row[i];
        }
        ++kept;
      }
    }
    s_.file_runs = std::move(runs);
    s_.times.resize(kept);
    s_.values.resize(kept);
    s_.row.resize(kept);
    Free(s_.quality);
  }

  // Within a file a reading is out of order where an earlier row has a later time. Gives whether all are in
  // order.
  bool CountOutOfOrder() {
    bool sorted = true;
    PlantTime latest = kNoTime;
    size_t run = 0;
    for (size_t i = 0; i < s_.size(); ++i) {
      for (; run < s_.file_runs.size() && s_.file_runs[run].begin == i; ++run) latest = kNoTime;
      if (i > 0 && s_.times[i] < s_.times[i - 1]) sorted = false;
      if (s_.times[i] < latest) {
        ++report_.out_of_order.count;
        AddPlace(report_.out_of_order, i);
      }
      latest = std::max(latest, s_.times[i]);
    }
    return sorted;
  }

  // order_ = readings by time, those of one time in file order. Bin by bin where the bins are few enough: a
  // counting sort, then small sorts.
  void SortOrder() {
    const size_t n = s_.size();
    order_.resize(n);
    const auto by_time = [this](uint32_t a, uint32_t b) {
      return s_.times[a] != s_.times[b] ? s_.times[a] < s_.times[b] : a < b;
    };
    const auto [low, high] = std::minmax_element(s_.times.begin(), s_.times.end());
    const int64_t first = BinNumber(*low, interval_);
    const auto bins = static_cast<uint64_t>(BinNumber(*high, interval_) - first) + 1;
    if (bins > n) {
      std::iota(order_.begin(), order_.end(), 0U);
      std::sort(order_.begin(), order_.end(), by_time);
      return;
    }
    std::vector<uint32_t> end(bins + 1, 0);
    for (const PlantTime time : s_.times) ++end[static_cast<size_t>(BinNumber(time, interval_) - first) + 1];
    std::partial_sum(end.begin(), end.end(), end.begin());
    for (size_t i = 0; i < n; ++i) {
      order_[end[static_cast<size_t>(BinNumber(s_.times[i], interval_) - first)]++] =
          static_cast<uint32_t>(i);
    }
    size_t begin = 0;  // end[b] is now the end of bin b
    for (size_t b = 0; b < bins; begin = end[b++]) {
      std::sort(order_.begin() + static_cast<std::ptrdiff_t>(begin), order_.begin() + end[b], by_time);
    }
  }

  // values_ = one value a time, in time order; bin_ends_ says where each bin's values end.
  void KeepLastOfEachTime(bool sorted) {
    const size_t n = s_.size();
    const auto at = [&](size_t k) { return sorted ? k : order_[k]; };
    bins_.first_place = {s_.FileOf(at(0)), s_.row[at(0)], ""};
    bins_.last_place = {s_.FileOf(at(n - 1)), s_.row[at(n - 1)], ""};
    report_.first = s_.times[at(0)];
    report_.last = s_.times[at(n - 1)];
    std::vector<size_t> replaced;  // the first few, in file order
    size_t kept = 0;
    PlantTime bin_end = 0;
    for (size_t k = 0; k < n; ++k) {
      const size_t i = at(k);
      const PlantTime time = s_.times[i];
      if (k + 1 < n && s_.times[at(k + 1)] == time) {
        ++report_.duplicates.count;
        NoteReplaced(replaced, i);
        continue;
      }
      if (bins_.bin.empty() || time >= bin_end) {
        bins_.bin.push_back(BinNumber(time, interval_));
        bin_ends_.push_back(kept);
        bin_end = (bins_.bin.back() + 1) * interval_;
      }
      bin_ends_.back() = kept + 1;
      if (sorted) {
        s_.values[kept] = s_.values[i];  // kept <= i: nothing unread is overwritten
      } else {
        order_[kept] = static_cast<uint32_t>(i);
      }
      ++kept;
    }
    for (const size_t i : replaced) AddPlace(report_.duplicates, i);
    Free(s_.times);
    Free(s_.row);
    TakeValues(sorted, kept);
  }

  void TakeValues(bool sorted, size_t kept) {
    if (sorted) {
      s_.values.resize(kept);
      values_ = std::move(s_.values);
      return;
    }
    values_.resize(kept);
    for (size_t k = 0; k < kept; ++k) values_[k] = s_.values[order_[k]];
    Free(s_.values);
    Free(order_);
  }

  static void NoteReplaced(std::vector<size_t>& replaced, size_t i) {
    if (replaced.size() == Rejections::kPlaces && i > replaced.back()) return;
    replaced.insert(std::upper_bound(replaced.begin(), replaced.end(), i), i);
    if (replaced.size() > Rejections::kPlaces) replaced.pop_back();
  }

  void Aggregate() {
    const size_t n = bins_.bin.size();
    bins_.median.resize(n);
    bins_.max.resize(n);
    bins_.min.resize(n);
    size_t begin = 0;
    double sum = 0;
    for (const double value : values_) sum += value;
    report_.statistics.mean = sum / static_cast<double>(values_.size());
    double squares = 0;
    for (const double value : values_) {
      squares += (value - report_.statistics.mean) * (value - report_.statistics.mean);
    }
    const size_t count = values_.size();
    report_.statistics.std = count < 2 ? 0 : std::sqrt(squares / static_cast<double>(count - 1));
    for (size_t b = 0; b < n; begin = bin_ends_[b++]) {
      const std::span<double> readings(values_.data() + begin, bin_ends_[b] - begin);
      const auto [low, high] = std::minmax_element(readings.begin(), readings.end());
      bins_.min[b] = *low;
      bins_.max[b] = *high;
      bins_.median[b] = Median(readings);
    }
  }

  // Reorders its argument.
  static double Median(std::span<double> all) {
    const auto middle = all.begin() + static_cast<std::ptrdiff_t>(all.size() / 2);
    std::nth_element(all.begin(), middle, all.end());
    if (all.size() % 2 == 1) return *middle;
    return (*std::max_element(all.begin(), middle) + *middle) / 2;
  }

  void Describe() {
    SeriesStatistics& statistics = report_.statistics;
    statistics.min = *std::min_element(bins_.min.begin(), bins_.min.end());
    statistics.max = *std::max_element(bins_.max.begin(), bins_.max.end());
    if (statistics.min == statistics.max) {  // exactly, whatever the rounding of the sums
      statistics.mean = statistics.min;
      statistics.std = 0;
    }
    for (const double value : values_) {
      bins_.at_max += value == statistics.max ? 1 : 0;
      bins_.at_min += value == statistics.min ? 1 : 0;
    }
    statistics.median = Median(values_);
  }

  RawSeries s_;
  const PlantTime interval_;
  const std::vector<std::string>& files_;
  SeriesReport& report_;
  std::vector<uint32_t> order_;
  std::vector<double> values_;
  std::vector<size_t> bin_ends_;
  SeriesBins bins_;
};

}  // namespace

SeriesBins BinSeries(RawSeries series, PlantTime interval, const std::vector<std::string>& files,
                     SeriesReport& report) {
  return Cleaner(std::move(series), interval, files, report).Run();
}

}  // namespace forewarn
