// The records of a BIFF stream (MS-XLS 2.1.4) and the strings in them, which may run over into CONTINUE
// records. Views point into the stream. Reading past an end gives zeros or a failure, never bytes outside.
// Used by xls_reader.cc alone.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/status.h"

namespace forewarn {

inline constexpr uint16_t kXlsFormula = 0x0006, kXlsEof = 0x000A, kXlsDateMode = 0x0022,
                          kXlsFilePass = 0x002F, kXlsContinue = 0x003C, kXlsBoundSheet = 0x0085,
                          kXlsMulRk = 0x00BD, kXlsRString = 0x00D6, kXlsXf = 0x00E0, kXlsSst = 0x00FC,
                          kXlsLabelSst = 0x00FD, kXlsNumber = 0x0203, kXlsLabel = 0x0204,
                          kXlsBoolErr = 0x0205, kXlsString = 0x0207, kXlsRk = 0x027E, kXlsFormat = 0x041E,
                          kXlsBof = 0x0809;

struct XlsRecord {
  uint16_t type = 0;
  std::vector<std::string_view> pieces;  // its own data, then those of its CONTINUE records
  std::string_view data() const { return pieces.front(); }
};

class XlsRecords {
 public:
  XlsRecords(std::string_view stream, size_t offset) : stream_(stream), at_(offset) {}
  // False at the end of the stream; a failure where a record is cut short.
  Result<bool> Next(XlsRecord& record);

 private:
  Result<bool> NextPiece(uint16_t& type, std::string_view& data);
  std::string_view stream_;
  size_t at_;
};

// A reader of fields and strings of one record.
class XlsText {
 public:
  explicit XlsText(const XlsRecord& record) : record_(record) {}
  bool AtEnd();  // of all pieces; moves to the next piece where this one is used up
  void Skip(size_t bytes);
  uint8_t U8();
  uint16_t U16();
  uint32_t U32();
  // BIFF8: flags, [runs], [extension], characters (of one or two bytes, told anew by each CONTINUE), as
  // UTF-8.
  Result<std::string> UnicodeString(size_t characters);
  // BIFF5: one byte a character, read as Latin-1.
  Result<std::string> ByteString(size_t characters);

 private:
  const XlsRecord& record_;
  size_t piece_ = 0;
  size_t at_ = 0;
};

}  // namespace forewarn
