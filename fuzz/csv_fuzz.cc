// CSV, as a table and as a historian's export. The first byte chooses the zone, the date format and the block
// size. Checked: what is read and written again reads back bit for bit; every historian row is a reading or a
// rejection, whatever the number of threads.
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>

#include "io/csv_table.h"
#include "io/historian.h"

namespace {

using namespace forewarn;

void Check(bool holds) {
  if (!holds) std::abort();
}

bool SameBits(const std::vector<double>& a, const std::vector<double>& b) {
  return a.size() == b.size() &&
         (a.empty() || std::memcmp(a.data(), b.data(), a.size() * sizeof(double)) == 0);
}

void CheckTable(const std::string& bytes, const ReadTableOptions& options) {
  const auto table = ReadCsvTable(bytes, "t.csv", options);
  if (!table.ok()) return Check(!table.message().empty());
  for (const TableColumn& column : table->columns) Check(column.size() == table->rows());
  const auto again = ReadCsvTable(WriteCsvTable(*table), "again.csv", options);
  Check(again.ok() && again->columns.size() == table->columns.size() && again->rows() == table->rows());
  for (size_t c = 0; c < table->columns.size(); ++c) {
    if (const auto* numbers = std::get_if<NumberColumn>(&table->columns[c].data)) {
      const auto* back = std::get_if<NumberColumn>(&again->columns[c].data);
      Check(back != nullptr);
      for (size_t r = 0; r < numbers->values.size(); ++r) {
        const bool null = !IsValid(numbers->values[r]);
        Check(null ? !IsValid(back->values[r]) : SameBits({numbers->values[r]}, {back->values[r]}));
      }
    } else if (const auto* times = std::get_if<TimeColumn>(&table->columns[c].data)) {
      const auto* back = std::get_if<TimeColumn>(&again->columns[c].data);
      Check(back != nullptr && (options.zone != "UTC" || back->values == times->values));
    }
  }
}

bool ReadAs(const std::string& path, HistorianOptions options, int threads, RawData& data) {
  options.threads = threads;
  return ReadHistorianCsv(path, options, data).ok();
}

void CheckHistorian(const std::string& bytes, const HistorianOptions& options) {
  const int fd = memfd_create("fuzz", 0);
  Check(fd >= 0 && write(fd, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()));
  const std::string path = "/proc/self/fd/" + std::to_string(fd);
  RawData one, two;
  const bool ok = ReadAs(path, options, 1, one);
  Check(ok == ReadAs(path, options, 3, two));
  close(fd);
  if (!ok) return;
  Check(one.series.size() == two.series.size() && one.rows_read == two.rows_read);
  for (const auto& [tag, series] : one.series) {
    const RawSeries& other = two.series.at(tag);
    Check(series.times == other.times && SameBits(series.values, other.values) && series.row == other.row);
  }
  for (const auto& [tag, rows] : one.rows_read) {
    uint64_t accounted = one.series.contains(tag) ? one.series.at(tag).size() : 0;
    if (one.rejected.contains(tag)) {
      for (const auto& [reason, rejections] : one.rejected.at(tag)) accounted += rejections.count;
    }
    Check(rows == accounted);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::string zone = (data[0] & 1) != 0 ? "Europe/Warsaw" : "UTC";
  const std::string format = (data[0] & 2) != 0 ? "DD.MM.YYYY HH:MM:SS" : "";
  ReadTableOptions table;
  table.zone = zone;
  table.time_format = format;
  CheckTable(bytes, table);
  HistorianOptions historian;
  historian.zone = zone;
  historian.time_format = format;
  if ((data[0] & 4) != 0) historian.block_bytes = 32;
  CheckHistorian(bytes, historian);
  return 0;
}
