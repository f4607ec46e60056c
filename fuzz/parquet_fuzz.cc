// Parquet, as a table and as a historian's export. Checked: a damaged file is an error in words, an accepted
// one has columns of one length, and written again it reads back the same.
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <string>

#include "io/historian.h"
#include "io/parquet_table.h"

namespace {

void Check(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace forewarn;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto table = TableFromParquet(bytes, "t.parquet");
  if (table.ok()) {
    for (const TableColumn& column : table->columns) Check(column.size() == table->rows());
    const auto written = TableToParquet(*table);
    Check(written.ok());
    const auto again = TableFromParquet(*written, "again.parquet");
    Check(again.ok() && again->rows() == table->rows() && again->Names() == table->Names());
  } else {
    Check(!table.message().empty() && table.message().find('\n') == std::string::npos);
  }
  const int fd = memfd_create("fuzz", 0);
  Check(fd >= 0 && write(fd, data, size) == static_cast<ssize_t>(size));
  RawData raw;
  const Status status = ReadHistorianParquet("/proc/self/fd/" + std::to_string(fd), {}, raw);
  Check(status.ok() || !status.message().empty());
  close(fd);
  return 0;
}
