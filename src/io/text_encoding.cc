#include "io/text_encoding.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "core/names.h"

namespace forewarn {
namespace {

void AppendCodePoint(uint32_t c, std::string& out) {
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

// The header, without blank lines before it.
std::string_view FirstLine(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(" \t\r\n"), text.size()));
  return text.substr(0, text.find_first_of("\r\n"));
}

bool HasControlSign(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x20 && c != '\t'; });
}

}  // namespace

TextEncoding DetectEncoding(std::string_view head, size_t& mark) {
  mark = 0;
  if (head.starts_with("\xEF\xBB\xBF")) {
    mark = 3;
    return TextEncoding::kUtf8;
  }
  if (head.starts_with("\xFF\xFE")) {
    mark = 2;
    return TextEncoding::kUtf16Le;
  }
  if (head.starts_with("\xFE\xFF")) {
    mark = 2;
    return TextEncoding::kUtf16Be;
  }
  // Without a mark: a header of ASCII in UTF-16 has a zero in every other byte.
  const size_t n = std::min<size_t>(head.size() / 2 * 2, 64);
  size_t zero_even = 0, zero_odd = 0;
  for (size_t i = 0; i < n; ++i) {
    if (head[i] == '\0') ++(i % 2 == 0 ? zero_even : zero_odd);
  }
  if (n >= 4 && zero_odd * 2 >= n / 2 && zero_even == 0) return TextEncoding::kUtf16Le;
  if (n >= 4 && zero_even * 2 >= n / 2 && zero_odd == 0) return TextEncoding::kUtf16Be;
  return TextEncoding::kUtf8;
}

std::string_view BinaryKind(std::string_view head) {
  if (head.starts_with("PK\x03\x04")) return "a zip file or an XLSX workbook";
  if (head.starts_with("\xD0\xCF\x11\xE0")) return "an XLS workbook";
  if (head.starts_with("\x1F\x8B")) return "compressed (gzip)";
  if (head.starts_with("\x28\xB5\x2F\xFD")) return "compressed (zstd)";
  if (head.starts_with("BZh")) return "compressed (bzip2)";
  if (head.starts_with("PAR1")) return "a Parquet file";
  if (head.starts_with("%PDF")) return "a PDF document";
  if (head.starts_with("\x89PNG")) return "a picture";
  if (head.starts_with("\x7F"
                       "ELF"))
    return "a program";
  size_t mark = 0;
  if (DetectEncoding(head, mark) != TextEncoding::kUtf8) return {};
  return HasControlSign(FirstLine(head)) ? "binary" : std::string_view();
}

size_t AppendUtf16(std::string_view bytes, bool big_endian, std::string& out) {
  const auto unit = [&](size_t i) {
    const auto a = static_cast<unsigned char>(bytes[i]), b = static_cast<unsigned char>(bytes[i + 1]);
    return static_cast<uint32_t>(big_endian ? a << 8 | b : b << 8 | a);
  };
  size_t i = 0;
  while (i + 1 < bytes.size()) {
    uint32_t c = unit(i);
    if (c >= 0xD800 && c < 0xDC00) {
      if (i + 3 >= bytes.size()) break;
      const uint32_t low = unit(i + 2);
      if (low >= 0xDC00 && low < 0xE000) {
        c = 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
        i += 2;
      } else {
        c = 0xFFFD;
      }
    } else if (c >= 0xDC00 && c < 0xE000) {
      c = 0xFFFD;
    }
    AppendCodePoint(c, out);
    i += 2;
  }
  return i;
}

std::string Latin1ToUtf8(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size() + bytes.size() / 16);
  for (const char c : bytes) AppendCodePoint(static_cast<unsigned char>(c), out);
  return out;
}

Result<std::string> DecodeText(std::string_view bytes, const std::string& name) {
  if (bytes.empty()) return Status::Invalid(fmt::format("{}: the file is empty", name));
  const std::string_view kind = BinaryKind(bytes);
  if (!kind.empty()) {
    return Status::Invalid(fmt::format("{}: the file is {}, not CSV text; export it as CSV", name, kind));
  }
  size_t mark = 0;
  const TextEncoding encoding = DetectEncoding(bytes, mark);
  bytes.remove_prefix(mark);
  std::string text;
  if (encoding == TextEncoding::kUtf8) {
    text = IsValidUtf8(bytes) ? std::string(bytes) : Latin1ToUtf8(bytes);
  } else {
    text.reserve(bytes.size());
    if (AppendUtf16(bytes, encoding == TextEncoding::kUtf16Be, text) != bytes.size()) {
      return Status::Invalid(
          fmt::format("{}: the file ends within a UTF-16 character; it is cut short", name));
    }
    if (HasControlSign(FirstLine(text))) {
      return Status::Invalid(fmt::format("{}: the file is binary, not CSV text; export it as CSV", name));
    }
  }
  const size_t nul = text.find('\0');
  if (nul != std::string::npos) {
    const auto line = std::count(text.begin(), text.begin() + static_cast<ptrdiff_t>(nul), '\n') + 1;
    return Status::Invalid(
        fmt::format("{}:{}: a NUL byte; the file is damaged or no text, export it again", name, line));
  }
  if (text.find_first_not_of(" \t\r\n") == std::string::npos) {
    return Status::Invalid(fmt::format("{}: the file is empty (only blanks)", name));
  }
  return text;
}

}  // namespace forewarn
