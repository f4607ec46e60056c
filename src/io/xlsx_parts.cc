#include "io/xlsx_parts.h"

#include <charconv>
#include <map>
#include <set>

#include "io/excel_time.h"
#include "io/xlsx_xml.h"

namespace forewarn {
namespace {

unsigned ToUnsigned(std::optional<std::string_view> text, unsigned otherwise) {
  unsigned value = otherwise;
  if (text) std::from_chars(text->data(), text->data() + text->size(), value);
  return value;
}

bool IsTrue(std::optional<std::string_view> text) {
  return text && (*text == "1" || *text == "true" || *text == "on");
}

class Quiet : public XmlHandler {
 public:
  Status Start(std::string_view, const XmlAttributes&) override { return Status::Ok(); }
  Status End(std::string_view) override { return Status::Ok(); }
  Status Text(std::string_view) override { return Status::Ok(); }
};

Status ParsePart(ZipReader& zip, const std::string& part, XmlHandler& handler) {
  XmlPump pump(handler);
  Status status = zip.Read(
      part, [&](std::string_view piece) { return pump.Feed(piece).WithPrefix("part '" + part + "'"); });
  if (status.ok()) status = pump.Finish().WithPrefix("part '" + part + "'");
  return status;
}

struct Relationship {
  std::string type;    // last part of its URI: "worksheet"
  std::string target;  // a name in the archive
};
using Relationships = std::map<std::string, Relationship, std::less<>>;

// "xl/workbook.xml" + "worksheets/sheet1.xml" → "xl/worksheets/sheet1.xml"; "/xl/x.xml" → "xl/x.xml".
std::string ResolveTarget(std::string_view owner, std::string_view target) {
  std::vector<std::string_view> parts;
  const auto add = [&](std::string_view path) {
    while (!path.empty()) {
      const size_t slash = path.find('/');
      const std::string_view piece = path.substr(0, slash);
      if (piece == "..") {
        if (!parts.empty()) parts.pop_back();
      } else if (!piece.empty() && piece != ".") {
        parts.push_back(piece);
      }
      path = slash == std::string_view::npos ? std::string_view{} : path.substr(slash + 1);
    }
  };
  const size_t folder = owner.rfind('/');
  if (!target.starts_with('/') && folder != std::string_view::npos) add(owner.substr(0, folder));
  add(target);
  std::string out;
  for (const std::string_view piece : parts) out += (out.empty() ? "" : "/") + std::string(piece);
  return out;
}

class RelationshipHandler : public Quiet {
 public:
  explicit RelationshipHandler(std::string_view owner) : owner_(owner) {}
  Status Start(std::string_view name, const XmlAttributes& attributes) override {
    if (name != "Relationship" || attributes.Get("TargetMode") == "External") return Status::Ok();
    const auto type = attributes.Get("Type").value_or("");
    found[std::string(attributes.Get("Id").value_or(""))] = {
        std::string(type.substr(type.rfind('/') + 1)),
        ResolveTarget(owner_, attributes.Get("Target").value_or(""))};
    return Status::Ok();
  }
  Relationships found;

 private:
  std::string owner_;
};

Result<Relationships> ReadRelationships(ZipReader& zip, const std::string& owner) {
  const size_t slash = owner.rfind('/');
  const std::string folder = slash == std::string::npos ? "" : owner.substr(0, slash + 1);
  const std::string name = slash == std::string::npos ? owner : owner.substr(slash + 1);
  RelationshipHandler handler(owner);
  FW_RETURN_IF_ERROR(ParsePart(zip, folder + "_rels/" + name + ".rels", handler));
  return std::move(handler.found);
}

class WorkbookHandler : public Quiet {
 public:
  Status Start(std::string_view name, const XmlAttributes& attributes) override {
    if (name == "workbookPr") {
      date_1904 = IsTrue(attributes.Get("date1904"));
    } else if (name == "sheet") {
      sheets.emplace_back(attributes.Get("name").value_or(""), attributes.Get("id").value_or(""));
    }
    return Status::Ok();
  }
  bool date_1904 = false;
  std::vector<std::pair<std::string, std::string>> sheets;  // name, relationship
};

class StylesHandler : public Quiet {
 public:
  Status Start(std::string_view name, const XmlAttributes& attributes) override {
    if (name == "numFmt") {
      const unsigned id = ToUnsigned(attributes.Get("numFmtId"), 0);
      if (IsDateFormat(attributes.Get("formatCode").value_or(""))) {
        date_formats_.insert(id);
      } else {
        other_formats_.insert(id);
      }
    } else if (name == "cellXfs") {
      in_cell_formats_ = true;
    } else if (name == "xf" && in_cell_formats_) {
      const unsigned id = ToUnsigned(attributes.Get("numFmtId"), 0);
      date_style.push_back(date_formats_.contains(id) ||
                           (IsBuiltInDateFormat(id) && !other_formats_.contains(id)));
    }
    return Status::Ok();
  }
  Status End(std::string_view name) override {
    if (name == "cellXfs") in_cell_formats_ = false;
    return Status::Ok();
  }
  std::vector<bool> date_style;

 private:
  std::set<unsigned> date_formats_;
  std::set<unsigned> other_formats_;
  bool in_cell_formats_ = false;
};

// <si><t>…</t></si> or <si><r><t>…</t></r>…</si>; <rPh> (how to pronounce it) is no part of the text.
class SharedStringsHandler : public XmlHandler {
 public:
  SharedStringsHandler(StringPool& pool, const SheetOptions& options) : pool_(pool), options_(options) {}
  Status Start(std::string_view name, const XmlAttributes&) override {
    if (name == "t") in_text_ = true;
    if (name == "rPh") in_phonetic_ = true;
    return Status::Ok();
  }
  Status End(std::string_view name) override {
    if (name == "t") in_text_ = false;
    if (name == "rPh") in_phonetic_ = false;
    if (name == "si") pool_.Close();
    return Status::Ok();
  }
  Status Text(std::string_view piece) override {
    if (!in_text_ || in_phonetic_) return Status::Ok();
    pool_.Append(piece);
    if (pool_.open_bytes() > options_.max_cell_bytes) {
      return Status::Invalid("shared string " + std::to_string(pool_.size() + 1) + " is longer than " +
                             std::to_string(options_.max_cell_bytes) + " bytes");
    }
    if (pool_.bytes() > options_.max_string_bytes) {
      return Status::Invalid("holds more than " + std::to_string(options_.max_string_bytes >> 20) +
                             " MiB of text");
    }
    return Status::Ok();
  }

 private:
  StringPool& pool_;
  const SheetOptions& options_;
  bool in_text_ = false;
  bool in_phonetic_ = false;
};

const Relationship* FindType(const Relationships& all, std::string_view type) {
  for (const auto& [id, relationship] : all) {
    if (relationship.type == type) return &relationship;
  }
  return nullptr;
}

}  // namespace

Result<XlsxParts> ReadXlsxParts(ZipReader& zip, const SheetOptions& options) {
  std::string workbook_part = "xl/workbook.xml";
  if (zip.Has("_rels/.rels")) {
    FW_ASSIGN_OR_RETURN(const Relationships package, ReadRelationships(zip, ""));
    if (const Relationship* document = FindType(package, "officeDocument")) workbook_part = document->target;
  }
  WorkbookHandler workbook;
  FW_RETURN_IF_ERROR(ParsePart(zip, workbook_part, workbook));
  FW_ASSIGN_OR_RETURN(const Relationships related, ReadRelationships(zip, workbook_part));

  XlsxParts parts;
  parts.date_1904 = workbook.date_1904;
  for (const auto& [name, id] : workbook.sheets) {
    const auto it = related.find(id);
    if (it != related.end() && it->second.type == "worksheet")
      parts.sheets.push_back({name, it->second.target});
  }
  if (parts.sheets.empty()) return Status::Invalid("the workbook has no worksheet");
  if (const Relationship* styles = FindType(related, "styles");
      styles != nullptr && zip.Has(styles->target)) {
    StylesHandler handler;
    FW_RETURN_IF_ERROR(ParsePart(zip, styles->target, handler));
    parts.date_style = std::move(handler.date_style);
  }
  if (const Relationship* strings = FindType(related, "sharedStrings");
      strings != nullptr && zip.Has(strings->target)) {
    SharedStringsHandler handler(parts.strings, options);
    FW_RETURN_IF_ERROR(ParsePart(zip, strings->target, handler));
  }
  return parts;
}

}  // namespace forewarn
