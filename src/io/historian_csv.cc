#include <fmt/format.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>

#include "core/names.h"
#include "core/thread_pool.h"
#include "io/csv_blocks.h"
#include "io/csv_text.h"
#include "io/historian.h"
#include "io/historian_chunk.h"
#include "io/historian_rows.h"
#include "io/separators.h"
#include "io/text_encoding.h"

namespace forewarn {
namespace {

struct Layout {
  std::string name;  // of the file, for messages
  CsvDialect dialect;
  HistorianColumns columns;
};

// One thread's part: turns blocks into its HistorianRows' chunk.
class BlockParser {
 public:
  BlockParser(const Layout& layout, TimeParser times)
      : layout_(layout), rows_(layout.columns, layout.dialect.comma, std::move(times)) {}

  // lines: how many the block has. A failure's message counts lines from the block's start.
  Status Parse(std::string_view block, bool quoted, uint64_t& lines) {
    return quoted ? ParseQuoted(block, lines) : ParsePlain(block, lines);
  }
  TagTable& tags() { return rows_.tags(); }
  // Line of the block (0-based) that Parse's failure is about.
  uint64_t failed_line() const { return failed_line_; }

 private:
  Status ParsePlain(std::string_view block, uint64_t& lines) {
    FindSeparators(block, layout_.dialect.delimiter, separators_);
    uint32_t line = 0;
    size_t begin = 0;
    cells_.clear();
    for (const uint32_t at : separators_) {
      std::string_view cell = block.substr(begin, at - begin);
      begin = at + 1;
      if (block[at] != '\n') {
        cells_.push_back(cell);
        continue;
      }
      EndLine(cell, line++);
    }
    if (begin < block.size()) EndLine(block.substr(begin), line++);
    lines = line;
    return Status::Ok();
  }

  // Blank lines are skipped.
  void EndLine(std::string_view last_cell, uint32_t line) {
    if (last_cell.ends_with('\r')) last_cell.remove_suffix(1);
    if (!cells_.empty() || !last_cell.empty()) {
      cells_.push_back(last_cell);
      rows_.Add(cells_.data(), cells_.size(), line);
    }
    cells_.clear();
  }

  Status ParseQuoted(std::string_view block, uint64_t& lines) {
    CsvCursor cursor(block, layout_.dialect.delimiter, layout_.name, 0);
    std::vector<CsvCell> record;
    while (cursor.Next(record)) {
      cells_.clear();
      for (const CsvCell& cell : record) cells_.push_back(cell.text);
      rows_.Add(cells_.data(), cells_.size(), static_cast<uint32_t>(cursor.line()));
    }
    failed_line_ = cursor.line();
    lines = static_cast<uint64_t>(std::count(block.begin(), block.end(), '\n'));
    return cursor.status();
  }

  const Layout& layout_;
  HistorianRows rows_;
  std::vector<uint32_t> separators_;
  std::vector<std::string_view> cells_;
  uint64_t failed_line_ = 0;
};

// Reads, parses and merges: blocks are handed out in file order, parsed by any thread, and merged in file
// order again, so the result is that of one thread.
class CsvJob {
 public:
  CsvJob(CsvBlocks blocks, Layout layout, const HistorianOptions& options, TimeParser times, RawData& data)
      : blocks_(std::move(blocks)),
        layout_(std::move(layout)),
        options_(options),
        times_(std::move(times)),
        builder_(data, layout_.name, blocks_.file_bytes()) {
    blocks_.set_delimiter(layout_.dialect.delimiter);
  }

  // first: the file's first block; its records from `begin` on are data, and stand on line `line`.
  Status Run(std::string first, size_t begin, bool quoted, uint64_t bytes, uint64_t line) {
    line_ = line;
    first_ = std::move(first);
    first_.erase(0, begin);
    first_quoted_ = quoted;
    first_bytes_ = bytes;
    const int threads = options_.threads > 0 ? options_.threads : DefaultThreads();
    const auto useful = static_cast<size_t>(blocks_.file_bytes() / options_.block_bytes + 1);
    const size_t workers = std::min<size_t>(static_cast<size_t>(threads), useful);
    ParallelFor(workers, static_cast<int>(workers), [&](size_t) { Work(); });
    return status_;
  }

 private:
  struct Block {
    std::string text;
    bool quoted = false;
    uint64_t bytes = 0;
    uint64_t number = 0;
  };

  // False at the end of the file and after a failure.
  bool Take(Block& block) {
    const std::lock_guard lock(read_mutex_);
    if (end_) return false;
    block.number = next_read_;
    if (next_read_ == 0) {
      block.text = std::move(first_);
      block.quoted = first_quoted_;
      block.bytes = first_bytes_;
    } else {
      const Status read = blocks_.Next(block.text, block.quoted, block.bytes);
      if (!read.ok()) {
        end_ = true;
        read_status_ = read;
        block.text.clear();
        block.bytes = 0;
      } else if (block.text.empty()) {
        end_ = true;
        return false;
      }
    }
    ++next_read_;
    return true;
  }

  void Work() {
    BlockParser parser(layout_, times_);
    Block block;
    while (Take(block)) {
      uint64_t lines = 0;
      const size_t nul = block.text.find('\0');
      Status status = nul == std::string::npos ? parser.Parse(block.text, block.quoted, lines) : Status();
      std::unique_lock lock(merge_mutex_);
      turn_.wait(lock, [&] { return next_merge_ == block.number; });
      if (nul != std::string::npos) status = NulByte(block.text, nul);
      if (status_.ok() && !status.ok()) status_ = Placed(status, parser.failed_line());
      if (status_.ok()) status_ = builder_.Take(parser.tags(), block.bytes, line_);
      if (status_.ok() && !block.bytes) status_ = TakeReadStatus();
      line_ += lines;
      done_bytes_ += block.bytes;
      ++next_merge_;
      if (!status_.ok()) Stop();
      Report(options_.progress, "ingest: reading", done_bytes_, blocks_.file_bytes());
      turn_.notify_all();
    }
  }

  void Stop() {
    const std::lock_guard lock(read_mutex_);
    end_ = true;
  }
  Status TakeReadStatus() {
    const std::lock_guard lock(read_mutex_);
    return read_status_;
  }

  Status NulByte(std::string_view text, size_t at) const {
    const auto lines = std::count(text.begin(), text.begin() + static_cast<ptrdiff_t>(at), '\n');
    return Status::Invalid(fmt::format("{}:{}: a NUL byte; the file is damaged or no text, export it again",
                                       layout_.name, line_ + static_cast<uint64_t>(lines)));
  }

  // A cursor's message counts lines from its block's start ("name:line:column: …"): put the file's line
  // there.
  Status Placed(const Status& status, uint64_t failed_line) const {
    const std::string front = fmt::format("{}:{}:", layout_.name, failed_line);
    if (!status.message().starts_with(front)) return status;
    return Status(status.code(), fmt::format("{}:{}:{}", layout_.name, line_ + failed_line,
                                             status.message().substr(front.size())));
  }

  CsvBlocks blocks_;
  Layout layout_;
  const HistorianOptions& options_;
  TimeParser times_;
  RawDataBuilder builder_;
  std::string first_;
  bool first_quoted_ = false;
  uint64_t first_bytes_ = 0;

  std::mutex read_mutex_;  // guards blocks_ and these
  uint64_t next_read_ = 0;
  bool end_ = false;
  Status read_status_;

  std::mutex merge_mutex_;  // guards builder_, the output and these; taken before read_mutex_ where both are
  std::condition_variable turn_;
  uint64_t next_merge_ = 0;
  uint64_t line_ = 1;
  uint64_t done_bytes_ = 0;
  Status status_;
};

}  // namespace

Status ReadHistorianCsv(const std::filesystem::path& path, const HistorianOptions& options, RawData& data) {
  FW_ASSIGN_OR_RETURN(TimeParser times, TimeParser::Make(options.zone, options.time_format));
  FW_ASSIGN_OR_RETURN(CsvBlocks blocks, CsvBlocks::Open(path, options.block_bytes));
  Layout layout;
  layout.name = path.string();
  std::string block;
  bool quoted = false;
  uint64_t bytes = 0;
  FW_RETURN_IF_ERROR(blocks.Next(block, quoted, bytes));
  FW_ASSIGN_OR_RETURN(layout.dialect, DetectDialect(block, layout.name));
  CsvCursor cursor(block, layout.dialect.delimiter, layout.name);
  std::vector<CsvCell> header;
  if (!cursor.Next(header)) {
    return cursor.status().ok() ? Status::Invalid(fmt::format("{}: the file is empty", layout.name))
                                : cursor.status();
  }
  std::vector<std::string> names;
  for (const CsvCell& cell : header) {
    names.push_back(IsValidUtf8(cell.text) ? std::string(cell.text) : Latin1ToUtf8(cell.text));
  }
  FW_ASSIGN_OR_RETURN(layout.columns,
                      HistorianColumns::Find(std::move(names), options.time_column, layout.name));
  const size_t begin = cursor.position();
  const uint64_t line = cursor.next_line();
  return CsvJob(std::move(blocks), std::move(layout), options, std::move(times), data)
      .Run(std::move(block), begin, quoted, bytes, line);
}

}  // namespace forewarn
