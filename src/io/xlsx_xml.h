// XmlPump: feeds pieces of an XML document to a handler, over expat. Names come without their namespace
// prefix; document type declarations (and with them entities) are refused; a token that never ends is
// refused. Failures and exceptions of a handler stop the parser and never pass through expat's C frames. Not
// thread-safe: one pump, one thread.
#pragma once

#include <expat.h>

#include <memory>
#include <optional>
#include <string_view>

#include "core/status.h"

namespace forewarn {

// Attributes of an element, by name without prefix.
class XmlAttributes {
 public:
  explicit XmlAttributes(const char** pairs) : pairs_(pairs) {}
  std::optional<std::string_view> Get(std::string_view name) const;

 private:
  const char** pairs_;
};

class XmlHandler {
 public:
  virtual ~XmlHandler() = default;
  virtual Status Start(std::string_view name, const XmlAttributes& attributes) = 0;
  virtual Status End(std::string_view name) = 0;
  virtual Status Text(std::string_view piece) = 0;
};

class XmlPump {
 public:
  explicit XmlPump(XmlHandler& handler);
  Status Feed(std::string_view piece);
  Status Finish();

 private:
  struct Free {
    void operator()(XML_Parser parser) const { XML_ParserFree(parser); }
  };
  Status Parse(std::string_view piece, bool last);
  template <typename Call>
  void Guard(Call call);

  XmlHandler& handler_;
  std::unique_ptr<std::remove_pointer_t<XML_Parser>, Free> parser_;
  Status failure_;
  size_t silent_ = 0;  // bytes fed since the last event
};

}  // namespace forewarn
