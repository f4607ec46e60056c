#include "io/historian_chunk.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <limits>

#include "core/names.h"
#include "io/text_encoding.h"

namespace forewarn {
namespace {

// Different reasons kept for a tag; a column of free text must not make a report of its own.
constexpr size_t kMaxReasons = 24;
constexpr char kOtherReasons[] = "other text";

template <typename Word>
uint64_t Load(const char* p) {
  Word word;
  std::memcpy(&word, p, sizeof(word));
  return word;
}

}  // namespace

void TagChunk::Clear() {
  times.clear();
  values.clear();
  quality.clear();
  row.clear();
  twice.clear();
  rows_read = 0;
  rejected.clear();
}

size_t TagTable::Intern(const std::string& name) {
  const auto [at, added] = by_name_.try_emplace(name, names_.size());
  if (added) {
    names_.push_back(name);
    chunks_.emplace_back();
  }
  return at->second;
}

TagTable::TagTable() : slots_(64) { Intern(""); }

size_t TagTable::InternText(std::string_view text) {
  const std::string_view trimmed = Trim(text);
  return Intern(ToLower(IsValidUtf8(trimmed) ? std::string(trimmed) : Latin1ToUtf8(trimmed)));
}

void TagTable::Grow() {
  std::vector<Slot> old(slots_.size() * 4);
  old.swap(slots_);
  home_shift_ -= 2;
  for (const Slot& slot : old) {
    if (slot.tag == kFree) continue;
    size_t at = Home(slot);
    while (slots_[at].tag != kFree) at = (at + 1) & (slots_.size() - 1);
    slots_[at] = slot;
  }
}

size_t TagTable::Find(std::string_view text) {
  const char* p = text.data();
  const size_t n = text.size();
  Slot key;
  key.size = static_cast<uint32_t>(n);
  if (n >= 8 && n <= 16) {
    key.low = Load<uint64_t>(p);
    key.high = Load<uint64_t>(p + n - 8);
  } else if (n >= 4 && n < 8) {
    key.low = Load<uint32_t>(p);
    key.high = Load<uint32_t>(p + n - 4);
  } else if (n > 16) {
    const auto [at, added] = by_long_text_.try_emplace(std::string(text), 0);
    if (added) at->second = InternText(text);
    return at->second;
  } else {
    for (size_t i = 0; i < n; ++i) key.low = key.low << 8 | static_cast<unsigned char>(p[i]);
  }
  size_t at = Home(key);
  while (slots_[at].tag != kFree) {
    const Slot& slot = slots_[at];
    if (((slot.low ^ key.low) | (slot.high ^ key.high) | (slot.size ^ key.size)) == 0) return slot.tag;
    at = (at + 1) & (slots_.size() - 1);
  }
  key.tag = static_cast<uint32_t>(InternText(text));
  slots_[at] = key;
  if (++used_ * 2 > slots_.size()) Grow();
  return key.tag;
}

RawDataBuilder::RawDataBuilder(RawData& data, const std::string& file, uint64_t expected_bytes)
    : data_(data), file_(static_cast<uint32_t>(data.files.size())), bytes_left_(expected_bytes) {
  data.files.push_back(file);
}

RawDataBuilder::Target& RawDataBuilder::Find(const std::string& name) {
  Target& target = targets_[name];
  if (target.rows_read == nullptr) {
    target.rows_read = &data_.rows_read[name];
  }
  return target;
}

// A tag's first readings foretell how many will come: reserving them at once spares the copies (and the
// double memory) of growing. Untouched reserve costs address space only; in all no more than the file can
// hold.
void RawDataBuilder::Grow(Target& target, size_t more, uint64_t bytes) {
  RawSeries& series = *target.series;
  const size_t need = series.size() + more;
  if (need <= series.times.capacity()) return;
  size_t ahead = need + need / 2;
  if (!target.grown && bytes > 0) {
    target.grown = true;
    const double share = static_cast<double>(bytes_left_) / static_cast<double>(bytes);
    const auto foreseen = static_cast<uint64_t>(1.02 * static_cast<double>(more) * (1.0 + share)) + 16;
    if (foreseen <= reserve_left_) {
      ahead = std::max<size_t>(ahead, series.size() + foreseen);
      reserve_left_ -= foreseen;
    }
  }
  series.times.reserve(ahead);
  series.values.reserve(ahead);
  series.quality.reserve(ahead);
  series.row.reserve(ahead);
}

void RawDataBuilder::Reject(Target& target, const std::string& name,
                            const std::map<std::string, Rejections>& rejected, uint64_t first_row) {
  if (target.rejected == nullptr) target.rejected = &data_.rejected[name];
  for (const auto& [reason, found] : rejected) {
    const bool room = target.rejected->contains(reason) || target.rejected->size() < kMaxReasons;
    Rejections& into = (*target.rejected)[room ? reason : kOtherReasons];
    into.count += found.count;
    for (const RejectedPlace& place : found.places) {
      if (into.places.size() == Rejections::kPlaces) break;
      into.places.push_back({file_, static_cast<uint32_t>(first_row + place.row), place.text});
    }
  }
}

Status RawDataBuilder::Take(TagTable& tags, uint64_t bytes, uint64_t first_row) {
  bytes_left_ -= std::min(bytes, bytes_left_);
  if (first_row > std::numeric_limits<uint32_t>::max() / 2) {
    return Status::Invalid(fmt::format("{}: more than {} rows; split the file", data_.files[file_],
                                       std::numeric_limits<uint32_t>::max() / 2));
  }
  if (tags.names().size() > kMaxHistorianTags) {
    return Status::Invalid(
        fmt::format("{}: more than {} different tags (such as '{}'); is the tag column right?",
                    data_.files[file_], kMaxHistorianTags, tags.names().back().substr(0, 40)));
  }
  if (first_ && bytes > 0) {
    size_t readings = 0;
    for (const TagChunk& chunk : tags.chunks()) readings += chunk.times.size();
    const double share = static_cast<double>(bytes_left_) / static_cast<double>(bytes);
    reserve_left_ = static_cast<uint64_t>(1.1 * static_cast<double>(readings) * (1.0 + share)) + 4096;
    first_ = false;
  }
  for (size_t t = 0; t < tags.names().size(); ++t) {
    TagChunk& chunk = tags.chunk(t);
    if (chunk.rows_read == 0 && chunk.rejected.empty()) continue;
    const std::string& name = tags.names()[t];
    Target& target = Find(name);
    *target.rows_read += chunk.rows_read;
    if (!chunk.rejected.empty()) Reject(target, name, chunk.rejected, first_row);
    if (!chunk.times.empty()) {
      if (target.series == nullptr) {
        target.series = &data_.series[name];
        target.series->tag = name;
        target.series->BeginFile(file_);
      }
      for (const uint32_t i : chunk.twice) chunk.times[i] = target.clock.Resolve(chunk.times[i]);
      Grow(target, chunk.times.size(), bytes);
      RawSeries& series = *target.series;
      series.times.insert(series.times.end(), chunk.times.begin(), chunk.times.end());
      series.values.insert(series.values.end(), chunk.values.begin(), chunk.values.end());
      series.quality.insert(series.quality.end(), chunk.quality.begin(), chunk.quality.end());
      for (const uint32_t row : chunk.row) series.row.push_back(static_cast<uint32_t>(first_row) + row);
    }
    chunk.Clear();
  }
  return Status::Ok();
}

}  // namespace forewarn
