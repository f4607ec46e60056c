// Bytes of a text file to UTF-8: UTF-8 with or without a byte-order mark, UTF-16 little and big endian (by
// mark, or by the zero bytes ASCII leaves), else Latin-1. Pure functions.
#pragma once

#include <string>
#include <string_view>

#include "core/status.h"

namespace forewarn {

enum class TextEncoding { kUtf8, kUtf16Le, kUtf16Be };

// Judged by the first bytes of a file; mark is the length of the byte-order mark.
TextEncoding DetectEncoding(std::string_view head, size_t& mark);
// What a file that is no text is, by its first bytes: "a zip file or an XLSX workbook"; "" for text.
std::string_view BinaryKind(std::string_view head);

// Appends units [0, bytes.size()/2*2) as UTF-8. A lone surrogate becomes U+FFFD; a pair cut at the end is
// left for the next call: returns the bytes used.
size_t AppendUtf16(std::string_view bytes, bool big_endian, std::string& out);
std::string Latin1ToUtf8(std::string_view bytes);

// A whole file as UTF-8 without a mark. Refuses binary content and NUL bytes, naming the line.
Result<std::string> DecodeText(std::string_view bytes, const std::string& name);

}  // namespace forewarn
