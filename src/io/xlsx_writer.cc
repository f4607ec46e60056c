#include "io/xlsx_writer.h"

#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>
#include <xlsxwriter.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "core/file.h"
#include "io/excel_time.h"

namespace forewarn {
namespace {

constexpr size_t kHeaderRows = 2;
constexpr size_t kMaxRows = 1'048'576;
constexpr int kPairStride = 4;              // PV, OP, SP begin in columns 0, 4, 8
constexpr time_t kCreated = 1'262'304'000;  // 2010-01-01: the same bytes whenever written

Status Check(lxw_error error) {
  if (error == LXW_NO_ERROR) return Status::Ok();
  return Status::Io(std::string("cannot be written: ") + lxw_strerror(error));
}

lxw_error WriteRow(lxw_worksheet* sheet, size_t row, const std::vector<HistorianColumn>& columns,
                   lxw_format* date) {
  for (size_t c = 0; c < columns.size(); ++c) {
    const RawSeries& series = *columns[c].series;
    if (row >= series.size()) continue;
    const auto line = static_cast<lxw_row_t>(row + kHeaderRows);
    const auto column = static_cast<lxw_col_t>(c * kPairStride);
    lxw_error error = worksheet_write_number(sheet, line, column, series.values[row], nullptr);
    if (error != LXW_NO_ERROR) return error;
    error = worksheet_write_number(sheet, line, static_cast<lxw_col_t>(column + 1),
                                   TimeToExcelSerial(series.times[row]), date);
    if (error != LXW_NO_ERROR) return error;
  }
  return LXW_NO_ERROR;
}

Status WriteWorkbook(const std::string& name, const std::vector<HistorianColumn>& columns, size_t rows) {
  lxw_workbook_options options{};
  options.constant_memory = LXW_TRUE;
  lxw_workbook* book = workbook_new_opt(name.c_str(), &options);
  if (book == nullptr) return Status::Io("cannot be written: out of memory");
  lxw_doc_properties properties{};
  properties.created = kCreated;
  workbook_set_properties(book, &properties);
  lxw_format* date = workbook_add_format(book);
  format_set_num_format(date, "yyyy-mm-dd hh:mm:ss.000");
  lxw_worksheet* sheet = workbook_add_worksheet(book, nullptr);
  lxw_error error = sheet == nullptr ? LXW_ERROR_MEMORY_MALLOC_FAILED : LXW_NO_ERROR;
  for (size_t c = 0; c < columns.size() && error == LXW_NO_ERROR; ++c) {
    const auto column = static_cast<lxw_col_t>(c * kPairStride);
    error = worksheet_set_column(sheet, static_cast<lxw_col_t>(column + 1),
                                 static_cast<lxw_col_t>(column + 1), 24, nullptr);
    if (error == LXW_NO_ERROR)
      error = worksheet_write_string(sheet, 0, column, columns[c].header.c_str(), nullptr);
  }
  for (size_t c = 0; c < columns.size() && error == LXW_NO_ERROR; ++c) {
    const auto column = static_cast<lxw_col_t>(c * kPairStride);
    error = worksheet_write_string(sheet, 1, column, "Value", nullptr);
    if (error == LXW_NO_ERROR) {
      error = worksheet_write_string(sheet, 1, static_cast<lxw_col_t>(column + 1), "Timestamp", nullptr);
    }
  }
  for (size_t row = 0; row < rows && error == LXW_NO_ERROR; ++row)
    error = WriteRow(sheet, row, columns, date);
  const lxw_error closed = workbook_close(book);
  return Check(error != LXW_NO_ERROR ? error : closed);
}

// The library tells of a full disk on stderr, in its own words: it writes into memory, and the file is ours.
Result<std::string> WorkbookBytes(const std::vector<HistorianColumn>& columns, size_t rows) {
  const int fd = ::memfd_create("workbook", MFD_CLOEXEC);
  if (fd < 0) return Status::Io(fmt::format("cannot be written: {}", std::strerror(errno)));
  const std::string name = fmt::format("/proc/self/fd/{}", fd);
  const Status written = WriteWorkbook(name, columns, rows);
  Result<std::string> bytes = written.ok() ? ReadFile(name) : Result<std::string>(written);
  ::close(fd);
  return bytes;
}

}  // namespace

Status WriteHistorianWorkbook(const std::filesystem::path& path,
                              const std::vector<HistorianColumn>& columns) {
  if (columns.size() != 1 && columns.size() != 3) {
    return Status::Internal("a historian workbook holds one series or three, not " +
                            std::to_string(columns.size()));
  }
  size_t rows = 0;
  for (const HistorianColumn& column : columns) rows = std::max(rows, column.series->size());
  if (rows + kHeaderRows > kMaxRows) {
    return Status::Invalid(
        "cannot write '" + path.string() + "': " + std::to_string(rows) +
        " readings do not fit a worksheet of 1,048,576 rows; write fewer hours, or CSV or Parquet");
  }
  const Result<std::string> bytes = WorkbookBytes(columns, rows);
  if (!bytes.ok()) return bytes.status().WithPrefix("'" + path.string() + "'");
  return WriteFileAtomic(path, *bytes);
}

}  // namespace forewarn
