// Connections of any bytes: what is read does not depend on where the network cuts them; a request that is
// accepted has a decoded path, and its reply's head is lines of the server's own making.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "core/names.h"
#include "http/parameters.h"
#include "http/request_parser.h"
#include "http/response_writer.h"
#include "http/router.h"

namespace forewarn::http {
namespace {

void Check(bool good) {
  if (!good) std::abort();
}

const Router& TestRouter() {
  static const Router& kRouter = *[] {
    auto* router = new Router();
    const Inline echo{[](const Request& request) {
      Response response = Json(200, request.body);
      response.headers.push_back({"X-Echo", std::string(request.Header("X-Echo"))});
      return response;
    }};
    router->Add(Method::kGet, "/health", echo);
    router->Add(Method::kPost, "/predict", echo, JsonRoute());
    router->Add(Method::kDelete, "/history/{id}", echo);
    router->Add(Method::kPost, "/v2/models/{model}/versions/{version}/infer", echo);
    router->Add(Method::kGet, "/{path...}", echo);
    router->SetCors({{"https://hmi.example"}});
    return router;
  }();
  return kRouter;
}

void CheckHead(const std::string& head) {
  Check(head.ends_with("\r\n\r\n"));
  Check(head.find("\r\n\r\n") == head.size() - 4);
  for (size_t i = 0; i < head.size(); ++i) {
    if (head[i] == '\n') Check(i > 0 && head[i - 1] == '\r');
    if (head[i] == '\r') Check(i + 1 < head.size() && head[i + 1] == '\n');
    Check(head[i] != '\0');
  }
}

void CheckRequest(Request& request) {
  Check(!request.path.empty());
  Check(IsValidUtf8(request.path) && request.path.find('\0') == std::string::npos);
  for (const auto& [name, value] : request.query) Check(IsValidUtf8(name) && IsValidUtf8(value));
  const Router::Match match = TestRouter().Find(request);
  Check((match.route == nullptr) == match.refusal.has_value());
  if (match.refusal) Check(match.refusal->status >= 204);
  if (match.route) {
    for (const auto& [name, value] : request.params) Check(IsValidUtf8(value));
    (void)Router::CheckContentType(*match.route, request);
  }
  Parameters query = Parameters::Query(request);
  Check(query.Integer("limit", {1, 1000}, 200) >= 0);
  (void)query.Finish(UnknownKeys::kRefuse);
  Response response = TestRouter().Dispatch(request);
  std::string fixed;
  TestRouter().AppendCors(request, &fixed);
  std::string head;
  AppendHead(response, {true, true, false, false}, fixed, &head);
  CheckHead(head);
}

// All requests that a connection would let through, as one text. (How early a head that cannot become well is
// refused does depend on the cuts.)
std::string Read(std::string_view bytes, size_t piece) {
  std::string log;
  RequestParser parser({2048, 1024});
  Request request;
  parser.Begin(&request);
  std::string buffer;
  for (size_t at = 0; at < bytes.size();) {
    const std::string_view next = bytes.substr(at, piece);
    at += next.size();
    buffer += next;
    for (bool more = true; more;) {
      size_t used = 0;
      const auto step = parser.Feed(buffer, &used);
      Check(used <= buffer.size());
      buffer.erase(0, used);
      switch (step) {
        case RequestParser::Step::kMore:
          more = false;
          break;
        case RequestParser::Step::kHead:
          Check(!request.path.empty());
          parser.AllowBody(512);
          break;
        case RequestParser::Step::kDone:
          Check(request.body.size() <= 512);
          log += request.target + "|" + request.path + "|" + request.body + "\n";
          CheckRequest(request);
          parser.Begin(&request);
          more = !buffer.empty();
          break;
        case RequestParser::Step::kFailed:
          Check(parser.failure().status >= 400 && !parser.failure().detail.empty());
          return log;
      }
    }
  }
  return log;
}

}  // namespace
}  // namespace forewarn::http

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 1 || size > 8192) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::string whole = forewarn::http::Read(bytes, bytes.size() + 1);
  const std::string pieces = forewarn::http::Read(bytes, 1 + data[0] % 64);
  if (whole != pieces) std::abort();
  return 0;
}
