// Hand-made XLSX archives for tests: any part can be given, so that broken and hostile workbooks can be
// written too.
#pragma once

#include <zip.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <string>

namespace forewarn::xlsx_fixture {

using Parts = std::map<std::string, std::string>;

// A workbook of one sheet; override or erase parts before zipping.
inline Parts Workbook(const std::string& rows, const std::string& workbook_properties = "") {
  return {
      {"_rels/.rels",
       R"(<Relationships xmlns="p"><Relationship Id="rId1" Type="http://x/officeDocument" Target="xl/workbook.xml"/></Relationships>)"},
      {"xl/workbook.xml", "<workbook xmlns:r=\"r\">" + workbook_properties +
                              R"(<sheets><sheet name="Data" sheetId="1" r:id="rId1"/></sheets></workbook>)"},
      {"xl/_rels/workbook.xml.rels",
       R"(<Relationships><Relationship Id="rId1" Type="http://x/worksheet" Target="worksheets/sheet1.xml"/>)"
       R"(<Relationship Id="rId2" Type="http://x/styles" Target="/xl/styles.xml"/>)"
       R"(<Relationship Id="rId3" Type="http://x/sharedStrings" Target="sharedStrings.xml"/></Relationships>)"},
      {"xl/styles.xml",
       R"(<styleSheet><numFmts><numFmt numFmtId="164" formatCode="yyyy-mm-dd hh:mm:ss.000"/></numFmts>)"
       R"(<cellXfs><xf numFmtId="0"/><xf numFmtId="164"/><xf numFmtId="22"/></cellXfs></styleSheet>)"},
      {"xl/sharedStrings.xml",
       "<sst><si><t>Bad</t></si><si><r><t>No </t></r><r><t>Data</t></r><rPh><t>x</t></rPh></si></sst>"},
      {"xl/worksheets/sheet1.xml", "<worksheet><sheetData>" + rows + "</sheetData></worksheet>"},
  };
}

inline std::string Zip(const Parts& parts) {
  zip_error_t error;
  zip_error_init(&error);
  zip_source_t* out = zip_source_buffer_create(nullptr, 0, 0, &error);
  zip_source_keep(out);
  zip_t* archive = zip_open_from_source(out, ZIP_TRUNCATE, &error);
  for (const auto& [name, text] : parts) {
    zip_source_t* source = zip_source_buffer(archive, text.data(), text.size(), 0);
    zip_file_add(archive, name.c_str(), source, ZIP_FL_OVERWRITE);
  }
  zip_close(archive);
  zip_source_open(out);
  zip_source_seek(out, 0, SEEK_END);
  std::string bytes(static_cast<size_t>(zip_source_tell(out)), '\0');
  zip_source_seek(out, 0, SEEK_SET);
  zip_source_read(out, bytes.data(), bytes.size());
  zip_source_close(out);
  zip_source_free(out);
  return bytes;
}

inline void Save(const std::filesystem::path& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

}  // namespace forewarn::xlsx_fixture
