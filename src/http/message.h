// Requests and replies as plain values, free of any HTTP library, so that a handler is a function from one to
// the other and is tested without a socket. The server fills a Request (names checked, path and query
// decoded, body whole); a handler fills a Response. Values: no threads.
#pragma once

#include <any>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/status.h"

namespace forewarn::http {

enum class Method : uint8_t { kGet, kHead, kPost, kPut, kPatch, kDelete, kOptions, kOther };
inline constexpr int kMethods = 7;  // those that a route may have
std::string_view MethodName(Method method);
Method MethodOf(std::string_view name);  // kOther when unknown; case matters

// Header fields in their order. One buffer holds all text, so that a connection reuses it from request to
// request. Names compare without case.
class Fields {
 public:
  void Add(std::string_view name, std::string_view value);
  void Clear();
  size_t size() const { return slots_.size(); }
  std::string_view name(size_t i) const;
  std::string_view value(size_t i) const;
  std::string_view Find(std::string_view name) const;  // of the first such field; "" when there is none
  size_t Count(std::string_view name) const;

 private:
  struct Slot {
    uint32_t begin, name_size, value_size;
  };
  std::string text_;
  std::vector<Slot> slots_;
};

using Pairs = std::vector<std::pair<std::string, std::string>>;

struct Request {
  Method method = Method::kGet;
  std::string target;  // as sent: path and query, percent-encoded
  std::string path;    // decoded; valid UTF-8 without NUL
  Pairs query;         // decoded, in order, repeated names kept (parameters.h reads them strictly)
  Fields fields;
  std::string body;
  std::string remote;      // the client's address without its port; behind a trusted proxy the one it tells
  bool secure = false;     // the client came by TLS, as a trusted proxy tells
  Pairs params;            // of the route's pattern: "/history/{id}" gives {"id", decoded text}
  std::string_view route;  // the route's pattern; outlives the request
  std::any principal;      // set by the route's guard

  std::string_view Header(std::string_view name) const { return fields.Find(name); }
  std::string_view Param(std::string_view name) const;  // "" when the pattern has none of that name
};

struct Field {
  std::string name;
  std::string value;
};

struct Response {
  int status = 200;
  std::string content_type;  // none: no Content-Type is sent
  std::string body;
  std::vector<Field> headers;    // beside Content-Type, Content-Length, Date and Connection
  std::string_view static_body;  // used when `body` is empty; must outlive the server (compiled-in files)
  // A body of unknown length, sent chunked: called on the worker pool until it appends nothing to *chunk. A
  // failure cuts the connection, so that the client sees that the body is not whole.
  std::function<Status(std::string* chunk)> pull;
};

Response Json(int status, std::string body);
Response Text(int status, std::string body);
Response NoContent();  // 204

}  // namespace forewarn::http
