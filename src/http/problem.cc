#include "http/problem.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <nlohmann/json.hpp>

namespace forewarn::http {
namespace {

int StatusOf(Code code, bool has_faults) {
  switch (code) {
    case Code::kInvalid:
      return has_faults ? 422 : 400;
    case Code::kUsage:
      return 400;
    case Code::kNotFound:
      return 404;
    case Code::kExists:
    case Code::kGate:
      return 409;
    case Code::kBusy:
    case Code::kUnavailable:
    case Code::kIo:
      return 503;
    case Code::kUnauthenticated:
      return 401;
    case Code::kForbidden:
      return 403;
    case Code::kThrottled:
      return 429;
    case Code::kOk:
    case Code::kInternal:
      break;
  }
  return 500;
}

}  // namespace

const char* ReasonPhrase(int status) {
  switch (status) {
    case 100:
      return "Continue";
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 202:
      return "Accepted";
    case 204:
      return "No Content";
    case 206:
      return "Partial Content";
    case 301:
      return "Moved Permanently";
    case 302:
      return "Found";
    case 303:
      return "See Other";
    case 304:
      return "Not Modified";
    case 307:
      return "Temporary Redirect";
    case 308:
      return "Permanent Redirect";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 406:
      return "Not Acceptable";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 410:
      return "Gone";
    case 411:
      return "Length Required";
    case 412:
      return "Precondition Failed";
    case 413:
      return "Content Too Large";
    case 414:
      return "URI Too Long";
    case 415:
      return "Unsupported Media Type";
    case 416:
      return "Range Not Satisfiable";
    case 417:
      return "Expectation Failed";
    case 422:
      return "Unprocessable Content";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 502:
      return "Bad Gateway";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    case 505:
      return "HTTP Version Not Supported";
    case 507:
      return "Insufficient Storage";
    default:
      return "Unknown";
  }
}

Response Problem(int status, std::string detail, const std::vector<Fault>& errors, int retry_after) {
  nlohmann::ordered_json body = {{"type", "about:blank"},
                                 {"title", ReasonPhrase(status)},
                                 {"status", status},
                                 {"detail", std::move(detail)}};
  if (!errors.empty()) {
    nlohmann::ordered_json list = nlohmann::ordered_json::array();
    for (const Fault& fault : errors) list.push_back({{"pointer", fault.pointer}, {"detail", fault.detail}});
    body["errors"] = std::move(list);
  }
  Response response;
  response.status = status;
  response.content_type = "application/problem+json";
  // Details may quote what the client sent: bytes that are no UTF-8 are replaced, not thrown over.
  response.body = body.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
  if (status == 401) response.headers.push_back({"WWW-Authenticate", "Bearer"});
  if (status == 429 || status == 503) {
    response.headers.push_back({"Retry-After", std::to_string(retry_after)});
  }
  return response;
}

Response Problem(const Status& status, const std::vector<Fault>& errors) {
  const int code = StatusOf(status.code(), !errors.empty());
  const int retry_after = std::max(status.retry_after_s(), 1);
  switch (status.code()) {
    case Code::kIo:
      spdlog::error("storage: {}", status.message());
      return Problem(code, "the service cannot read or write its storage just now; its log says why", errors,
                     retry_after);
    case Code::kOk:
    case Code::kInternal:
      spdlog::error("internal: {}", status.message());
      return Problem(code, "an error inside the service; its log says more", errors);
    default:
      return Problem(code, status.message(), errors, retry_after);
  }
}

Response MethodNotAllowed(const std::string& allow) {
  Response response = Problem(405, "this path takes " + allow);
  response.headers.push_back({"Allow", allow});
  return response;
}

}  // namespace forewarn::http
