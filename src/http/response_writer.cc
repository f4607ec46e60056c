#include "http/response_writer.h"

#include <fmt/compile.h>
#include <fmt/format.h>

#include <ctime>
#include <iterator>

#include "http/problem.h"

namespace forewarn::http {
namespace {

bool MayHaveBody(int status) { return status >= 200 && status != 204 && status != 304; }

void AppendField(std::string_view name, std::string_view value, std::string* out) {
  *out += name;
  *out += ": ";
  const size_t begin = out->size();
  *out += value;
  for (size_t i = begin; i < out->size(); ++i) {
    char& c = (*out)[i];
    if (c == '\r' || c == '\n' || c == '\0') c = ' ';
  }
  *out += "\r\n";
}

}  // namespace

const std::string& HttpDate() {
  thread_local std::time_t last = 0;
  thread_local std::string text;
  timespec now{};
  clock_gettime(CLOCK_REALTIME_COARSE, &now);
  if (now.tv_sec != last || text.empty()) {
    static constexpr const char* kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                              "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    last = now.tv_sec;
    std::tm utc{};
    gmtime_r(&last, &utc);
    text = fmt::format("{}, {:02} {} {} {:02}:{:02}:{:02} GMT", kDays[utc.tm_wday], utc.tm_mday,
                       kMonths[utc.tm_mon], utc.tm_year + 1900, utc.tm_hour, utc.tm_min, utc.tm_sec);
  }
  return text;
}

std::string_view BodyOf(const Response& response) {
  return response.body.empty() ? response.static_body : std::string_view(response.body);
}

bool HasBody(const Response& response, const Framing& framing) {
  return MayHaveBody(response.status) && !framing.head_only;
}

void AppendHead(const Response& response, const Framing& framing, std::string_view fixed, std::string* out) {
  auto sink = std::back_inserter(*out);
  fmt::format_to(sink, FMT_COMPILE("HTTP/1.1 {} {}\r\nDate: {}\r\n"), response.status,
                 ReasonPhrase(response.status), HttpDate());
  if (!response.content_type.empty()) AppendField("Content-Type", response.content_type, out);
  if (response.pull) {
    if (framing.http11 && MayHaveBody(response.status)) *out += "Transfer-Encoding: chunked\r\n";
  } else if (MayHaveBody(response.status) && !framing.stream) {
    fmt::format_to(sink, FMT_COMPILE("Content-Length: {}\r\n"), BodyOf(response).size());
  }
  for (const Field& field : response.headers) AppendField(field.name, field.value, out);
  *out += fixed;
  if (!framing.keep_alive) {
    *out += "Connection: close\r\n";
  } else if (!framing.http11) {
    *out += "Connection: keep-alive\r\n";
  }
  *out += "\r\n";
}

void AppendChunk(std::string_view chunk, std::string* out) {
  fmt::format_to(std::back_inserter(*out), FMT_COMPILE("{:x}\r\n"), chunk.size());
  *out += chunk;
  *out += "\r\n";
}

}  // namespace forewarn::http
