#include "io/xls_cfb.h"

#include <limits>

#include "io/xls_bytes.h"

namespace forewarn {
namespace {

constexpr size_t kHeaderBytes = 512;
constexpr size_t kEntryBytes = 128;
constexpr uint32_t kLastRegular = 0xFFFFFFF9;  // larger ones are marks: end of chain, free, …
constexpr std::string_view kSignature("\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", 8);

Status Damaged(const std::string& what) {
  return Status::Invalid("is a damaged .xls workbook (" + what + "); export it again, as .xlsx if possible");
}

}  // namespace

bool CompoundFile::LooksLikeOne(std::string_view bytes) { return bytes.starts_with(kSignature); }

Result<CompoundFile> CompoundFile::Open(std::string_view bytes) {
  if (!LooksLikeOne(bytes)) return Status::Invalid("is not an .xls workbook; export it as .xlsx");
  if (bytes.size() < kHeaderBytes) return Damaged("cut short");
  CompoundFile file(bytes);
  const auto shift = LittleEndian<uint16_t>(bytes, 30);
  const auto mini_shift = LittleEndian<uint16_t>(bytes, 32);
  if ((shift != 9 && shift != 12) || mini_shift != 6) return Damaged("unknown sector size");
  file.sector_bytes_ = size_t{1} << shift;
  file.mini_bytes_ = size_t{1} << mini_shift;
  file.mini_cutoff_ = LittleEndian<uint32_t>(bytes, 56);
  FW_RETURN_IF_ERROR(file.ReadFat());
  FW_RETURN_IF_ERROR(file.ReadDirectory());
  return file;
}

Result<std::string_view> CompoundFile::Sector(uint32_t sector) const {
  const uint64_t begin = (uint64_t{sector} + 1) * sector_bytes_;
  if (sector > kLastRegular || begin >= bytes_.size()) return Damaged("a sector outside the file");
  return bytes_.substr(begin, sector_bytes_);  // the last one may be short
}

Status CompoundFile::ReadFat() {
  const auto add = [&](uint32_t sector) -> Status {
    FW_ASSIGN_OR_RETURN(const std::string_view entries, Sector(sector));
    for (size_t at = 0; at + 4 <= entries.size(); at += 4)
      fat_.push_back(LittleEndian<uint32_t>(entries, at));
    return Status::Ok();
  };
  const size_t most = bytes_.size() / sector_bytes_ + 1;  // more FAT sectors than sectors: a loop
  size_t seen = 0;
  for (size_t i = 0; i < 109; ++i) {
    const auto sector = LittleEndian<uint32_t>(bytes_, 76 + 4 * i);
    if (sector > kLastRegular) continue;
    if (++seen > most) return Damaged("a loop in its table");
    FW_RETURN_IF_ERROR(add(sector));
  }
  auto next = LittleEndian<uint32_t>(bytes_, 68);
  for (size_t steps = 0; next <= kLastRegular; ++steps) {
    if (steps > most) return Damaged("a loop in its table");
    FW_ASSIGN_OR_RETURN(const std::string_view entries, Sector(next));
    if (entries.size() < sector_bytes_) return Damaged("cut short");
    for (size_t at = 0; at + 4 < sector_bytes_; at += 4) {
      const auto sector = LittleEndian<uint32_t>(entries, at);
      if (sector > kLastRegular) continue;
      if (++seen > most) return Damaged("a loop in its table");
      FW_RETURN_IF_ERROR(add(sector));
    }
    next = LittleEndian<uint32_t>(entries, sector_bytes_ - 4);
  }
  return Status::Ok();
}

Result<std::string> CompoundFile::ReadChain(uint32_t first, uint64_t size) const {
  std::string out;
  for (uint32_t sector = first; sector <= kLastRegular && out.size() < size;) {
    if (out.size() > bytes_.size()) return Damaged("a loop in its table");
    FW_ASSIGN_OR_RETURN(const std::string_view piece, Sector(sector));
    out += piece;
    if (sector >= fat_.size()) return Damaged("a chain leaves its table");
    sector = fat_[sector];
  }
  if (size != std::numeric_limits<uint64_t>::max()) {
    if (out.size() < size) return Damaged("cut short");
    out.resize(size);
  }
  return out;
}

Result<std::string> CompoundFile::ReadMiniChain(uint32_t first, uint64_t size) const {
  std::string out;
  for (uint32_t sector = first; sector <= kLastRegular && out.size() < size;) {
    const uint64_t begin = uint64_t{sector} * mini_bytes_;
    if (out.size() > mini_stream_.size()) return Damaged("a loop in its table");
    if (begin >= mini_stream_.size() || sector >= mini_fat_.size())
      return Damaged("a chain leaves its table");
    out += std::string_view(mini_stream_).substr(begin, mini_bytes_);
    sector = mini_fat_[sector];
  }
  if (out.size() < size) return Damaged("cut short");
  out.resize(size);
  return out;
}

Status CompoundFile::ReadDirectory() {
  constexpr uint64_t kWhole = std::numeric_limits<uint64_t>::max();
  FW_ASSIGN_OR_RETURN(const std::string directory, ReadChain(LittleEndian<uint32_t>(bytes_, 48), kWhole));
  FW_ASSIGN_OR_RETURN(const std::string mini_fat, ReadChain(LittleEndian<uint32_t>(bytes_, 60), kWhole));
  for (size_t at = 0; at + 4 <= mini_fat.size(); at += 4)
    mini_fat_.push_back(LittleEndian<uint32_t>(mini_fat, at));
  for (size_t at = 0; at + kEntryBytes <= directory.size(); at += kEntryBytes) {
    const std::string_view entry = std::string_view(directory).substr(at, kEntryBytes);
    const auto type = static_cast<unsigned char>(entry[66]);
    Stream stream{LittleEndian<uint32_t>(entry, 116), LittleEndian<uint64_t>(entry, 120)};
    if (sector_bytes_ == 512) stream.size &= 0xFFFFFFFF;  // version 3 leaves the upper half undefined
    if (type == 5) {
      FW_ASSIGN_OR_RETURN(mini_stream_, ReadChain(stream.first, stream.size));
    } else if (type == 2) {
      const size_t length = LittleEndian<uint16_t>(entry, 64);
      std::string name;
      for (size_t i = 0; i + 2 < std::min<size_t>(length, 64); i += 2) {
        name += entry[i + 1] == 0 ? entry[i] : '?';
      }
      streams_.emplace(std::move(name), stream);
    }
  }
  return Status::Ok();
}

Result<std::string> CompoundFile::Read(const std::string& name) const {
  const auto it = streams_.find(name);
  if (it == streams_.end()) return Status::Invalid("has no stream '" + name + "'");
  const Stream& stream = it->second;
  if (stream.size > bytes_.size()) return Damaged("cut short");
  return stream.size < mini_cutoff_ ? ReadMiniChain(stream.first, stream.size)
                                    : ReadChain(stream.first, stream.size);
}

}  // namespace forewarn
