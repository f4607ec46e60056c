// What a piece of a historian file gave, on its way into RawData: readings and rejections by tag, rows
// counted from the piece's start. A parser fills a chunk on any thread; RawDataBuilder takes the chunks in
// file order on one thread at a time and keeps memory near the size of the readings.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/status.h"
#include "frame/raw_series.h"
#include "io/time_text.h"

namespace forewarn {

inline constexpr size_t kMaxHistorianTags = 100000;

struct TagChunk {
  std::vector<PlantTime> times;
  std::vector<double> values;
  std::vector<Quality> quality;
  std::vector<uint32_t> row;    // from the chunk's start, 0-based lines
  std::vector<uint32_t> twice;  // indices of readings whose local time occurs twice
  uint64_t rows_read = 0;
  std::map<std::string, Rejections> rejected;  // rows 0-based from the chunk's start

  void Add(TextTime time, double value, Quality q, uint32_t line) {
    if (time.twice) twice.push_back(static_cast<uint32_t>(times.size()));
    times.push_back(time.time);
    values.push_back(value);
    quality.push_back(q);
    row.push_back(line);
  }
  void Clear();
};

// Tags as one parser meets them: their names, and the chunk's part for each. Kept from chunk to chunk. A tag
// is looked up by its bytes in the file, in a hash table of sixteen-byte keys; longer texts take a map.
class TagTable {
 public:
  TagTable();
  // Index of a tag by its text in the file (trimmed and lower-cased here; not UTF-8: taken as Latin-1).
  size_t Find(std::string_view text);
  size_t Intern(const std::string& name);
  TagChunk& chunk(size_t tag) { return chunks_[tag]; }
  const std::vector<std::string>& names() const { return names_; }
  std::vector<TagChunk>& chunks() { return chunks_; }

 private:
  // A text of at most sixteen bytes: its two (overlapping) words and its size say all.
  struct Slot {
    uint64_t low = 0, high = 0;
    uint32_t size = 0;
    uint32_t tag = kFree;
  };
  static constexpr uint32_t kFree = static_cast<uint32_t>(-1);
  // Where the search for a key begins: the top bits, which every byte of the key reaches.
  size_t Home(const Slot& key) const {
    return (key.low * 0x9E3779B97F4A7C15U + key.high * 0xD6E8FEB86659FD93U + key.size) >> home_shift_;
  }
  size_t InternText(std::string_view text);
  void Grow();

  std::vector<std::string> names_;  // normal spelling; [0] is "": no tag known
  std::vector<TagChunk> chunks_;    // one a name
  std::unordered_map<std::string, size_t> by_name_;
  std::unordered_map<std::string, size_t> by_long_text_;
  std::vector<Slot> slots_;  // open addressing; 2^(64 - home_shift_) of them
  int home_shift_ = 58;
  size_t used_ = 0;
};

class RawDataBuilder {
 public:
  // Appends `file` to data.files. expected_bytes: the file's size, to foresee how many readings will come.
  RawDataBuilder(RawData& data, const std::string& file, uint64_t expected_bytes);
  // Moves what the chunk holds into data and clears it. bytes: how much of the file it stood for; first_row:
  // the 1-based row of its line 0.
  Status Take(TagTable& tags, uint64_t bytes, uint64_t first_row);

 private:
  struct Target {
    RawSeries* series = nullptr;
    std::map<std::string, Rejections>* rejected = nullptr;
    uint64_t* rows_read = nullptr;
    ClockOrder clock;
    bool grown = false;
  };
  Target& Find(const std::string& name);
  void Grow(Target& target, size_t more, uint64_t bytes);
  void Reject(Target& target, const std::string& name, const std::map<std::string, Rejections>& rejected,
              uint64_t first_row);

  RawData& data_;
  uint32_t file_;
  uint64_t bytes_left_;
  uint64_t reserve_left_ = 0;  // readings that may still be reserved ahead
  bool first_ = true;
  std::unordered_map<std::string, Target> targets_;
};

}  // namespace forewarn
