#include "io/xls_records.h"

#include "io/xls_bytes.h"

namespace forewarn {
namespace {

Status CutShort() {
  return Status::Invalid("is a damaged .xls workbook (a text is cut short); export it again");
}

void AppendUtf8(std::string& out, uint32_t c) {
  if (c < 0x80) {
    out += static_cast<char>(c);
  } else if (c < 0x800) {
    out += static_cast<char>(0xC0 | (c >> 6));
    out += static_cast<char>(0x80 | (c & 0x3F));
  } else if (c < 0x10000) {
    out += static_cast<char>(0xE0 | (c >> 12));
    out += static_cast<char>(0x80 | ((c >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (c & 0x3F));
  } else {
    out += static_cast<char>(0xF0 | (c >> 18));
    out += static_cast<char>(0x80 | ((c >> 12) & 0x3F));
    out += static_cast<char>(0x80 | ((c >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (c & 0x3F));
  }
}

// Joins surrogate pairs; a lone one becomes U+FFFD.
std::string Utf16ToUtf8(const std::u16string& text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    uint32_t c = text[i];
    if (c >= 0xD800 && c < 0xE000) {
      const bool pair = c < 0xDC00 && i + 1 < text.size() && text[i + 1] >= 0xDC00 && text[i + 1] < 0xE000;
      c = pair ? 0x10000 + ((c - 0xD800) << 10) + (text[i + 1] - 0xDC00U) : 0xFFFD;
      if (pair) ++i;
    }
    AppendUtf8(out, c);
  }
  return out;
}

}  // namespace

Result<bool> XlsRecords::NextPiece(uint16_t& type, std::string_view& data) {
  if (at_ + 4 > stream_.size()) return false;
  type = LittleEndian<uint16_t>(stream_, at_);
  const size_t length = LittleEndian<uint16_t>(stream_, at_ + 2);
  if (at_ + 4 + length > stream_.size()) {
    return Status::Invalid("is a damaged .xls workbook (a record is cut short); export it again");
  }
  data = stream_.substr(at_ + 4, length);
  at_ += 4 + length;
  return true;
}

Result<bool> XlsRecords::Next(XlsRecord& record) {
  std::string_view data;
  FW_ASSIGN_OR_RETURN(const bool any, NextPiece(record.type, data));
  if (!any) return false;
  record.pieces.assign(1, data);
  while (at_ + 4 <= stream_.size() && LittleEndian<uint16_t>(stream_, at_) == kXlsContinue) {
    uint16_t type = 0;
    FW_ASSIGN_OR_RETURN(const bool more, NextPiece(type, data));
    if (!more) break;
    record.pieces.push_back(data);
  }
  return true;
}

bool XlsText::AtEnd() {
  while (piece_ < record_.pieces.size() && at_ >= record_.pieces[piece_].size()) {
    ++piece_;
    at_ = 0;
  }
  return piece_ >= record_.pieces.size();
}

void XlsText::Skip(size_t bytes) {
  while (bytes > 0 && !AtEnd()) {
    const size_t step = std::min(bytes, record_.pieces[piece_].size() - at_);
    at_ += step;
    bytes -= step;
  }
}

uint8_t XlsText::U8() { return AtEnd() ? 0 : static_cast<uint8_t>(record_.pieces[piece_][at_++]); }

uint16_t XlsText::U16() {
  const uint16_t low = U8();
  return static_cast<uint16_t>(low | (U8() << 8));
}

uint32_t XlsText::U32() {
  const uint32_t low = U16();
  return low | (static_cast<uint32_t>(U16()) << 16);
}

Result<std::string> XlsText::UnicodeString(size_t characters) {
  if (AtEnd()) return characters == 0 ? Result<std::string>(std::string()) : CutShort();
  const uint8_t flags = U8();
  bool wide = (flags & 1) != 0;
  const size_t runs = (flags & 8) != 0 ? U16() : 0;
  const size_t extension = (flags & 4) != 0 ? U32() : 0;
  std::u16string text;
  while (text.size() < characters) {
    const size_t before = piece_;
    if (AtEnd()) return CutShort();
    if (piece_ != before) wide = (U8() & 1) != 0;
    const std::string_view piece = record_.pieces[piece_];
    if (wide && at_ + 2 > piece.size()) return CutShort();
    for (; text.size() < characters && at_ + (wide ? 2 : 1) <= piece.size(); at_ += wide ? 2 : 1) {
      text += wide ? static_cast<char16_t>(LittleEndian<uint16_t>(piece, at_))
                   : static_cast<char16_t>(static_cast<unsigned char>(piece[at_]));
    }
  }
  Skip(4 * runs + extension);
  return Utf16ToUtf8(text);
}

Result<std::string> XlsText::ByteString(size_t characters) {
  std::string out;
  for (; characters > 0; --characters) {
    if (AtEnd()) return CutShort();
    AppendUtf8(out, U8());
  }
  return out;
}

}  // namespace forewarn
