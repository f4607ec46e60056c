#include "io/xlsx_xml.h"

#include <new>
#include <string>

namespace forewarn {
namespace {

constexpr size_t kMaxToken = size_t{8} << 20;

std::string_view Local(const char* name) {
  const std::string_view whole(name);
  const size_t colon = whole.rfind(':');
  return colon == std::string_view::npos ? whole : whole.substr(colon + 1);
}

}  // namespace

std::optional<std::string_view> XmlAttributes::Get(std::string_view name) const {
  for (const char** pair = pairs_; *pair != nullptr; pair += 2) {
    if (Local(pair[0]) == name) return std::string_view(pair[1]);
  }
  return std::nullopt;
}

template <typename Call>
void XmlPump::Guard(Call call) {
  silent_ = 0;
  if (!failure_.ok()) return;
  try {
    failure_ = call();
  } catch (const std::bad_alloc&) {
    failure_ = Status::Invalid("needs more memory than there is");
  } catch (const std::exception& error) {
    failure_ = Status::Internal(error.what());
  }
  if (!failure_.ok()) XML_StopParser(parser_.get(), XML_FALSE);
}

XmlPump::XmlPump(XmlHandler& handler) : handler_(handler), parser_(XML_ParserCreate(nullptr)) {
  XML_SetUserData(parser_.get(), this);
  XML_SetElementHandler(
      parser_.get(),
      [](void* self, const char* name, const char** attributes) {
        auto* pump = static_cast<XmlPump*>(self);
        pump->Guard([&] { return pump->handler_.Start(Local(name), XmlAttributes(attributes)); });
      },
      [](void* self, const char* name) {
        auto* pump = static_cast<XmlPump*>(self);
        pump->Guard([&] { return pump->handler_.End(Local(name)); });
      });
  XML_SetCharacterDataHandler(parser_.get(), [](void* self, const char* text, int length) {
    auto* pump = static_cast<XmlPump*>(self);
    pump->Guard([&] { return pump->handler_.Text({text, static_cast<size_t>(length)}); });
  });
  XML_SetStartDoctypeDeclHandler(parser_.get(), [](void* self, const char*, const char*, const char*, int) {
    static_cast<XmlPump*>(self)->Guard([] {
      return Status::Invalid(
          "holds a document type declaration (entities), which no workbook needs: refused");
    });
  });
}

Status XmlPump::Parse(std::string_view piece, bool last) {
  silent_ += piece.size();
  const auto result = XML_Parse(parser_.get(), piece.data(), static_cast<int>(piece.size()), last ? 1 : 0);
  if (!failure_.ok()) return failure_;
  if (result != XML_STATUS_OK) {
    return Status::Invalid("holds broken XML at line " +
                           std::to_string(XML_GetCurrentLineNumber(parser_.get())) + ": " +
                           XML_ErrorString(XML_GetErrorCode(parser_.get())));
  }
  if (silent_ > kMaxToken) return Status::Invalid("holds an XML token of more than 8 MiB: refused");
  return Status::Ok();
}

Status XmlPump::Feed(std::string_view piece) { return Parse(piece, false); }
Status XmlPump::Finish() { return Parse({}, true); }

}  // namespace forewarn
