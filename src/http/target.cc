#include "http/target.h"

#include <algorithm>

#include "core/names.h"
#include "http/parameters.h"

namespace forewarn::http {
namespace {

// "http://host:80/a?b" → "/a?b"; other forms unchanged.
std::string_view OriginForm(std::string_view target) {
  if (target.starts_with('/')) return target;
  const size_t scheme = target.find("://");
  if (scheme == std::string_view::npos) return target;
  const std::string name = ToLower(target.substr(0, scheme));
  if (name != "http" && name != "https") return target;
  const size_t end = target.find_first_of("/?", scheme + 3);
  if (end == std::string_view::npos) return "/";
  return target.substr(end);
}

bool HasDotSegment(std::string_view path) {
  for (size_t at = path.find("/."); at != std::string_view::npos; at = path.find("/.", at + 1)) {
    const std::string_view rest = path.substr(at + 2);
    if (rest.empty() || rest.front() == '/' || rest == "." || rest.starts_with("./")) return true;
  }
  return false;
}

bool IsPlain(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7f && c != '%'; });
}

}  // namespace

std::string_view RawPath(std::string_view target) {
  const std::string_view origin = OriginForm(target);
  return origin.substr(0, origin.find('?'));
}

Status ParseTarget(std::string_view target, Request* request) {
  request->target = target;
  request->query.clear();
  const std::string_view origin = OriginForm(target);
  const size_t mark = origin.find('?');
  const std::string_view path = origin.substr(0, mark);
  if (path == "*" && mark == std::string_view::npos) {
    request->path = "*";
    return Status::Ok();
  }
  if (!path.empty() && path.front() != '/') {
    return Status::Invalid("the request's target is neither a path nor an http address");
  }
  if (path.empty()) {
    request->path = "/";
  } else if (IsPlain(path)) {
    request->path = path;
  } else if (auto decoded = DecodePercent(path, false)) {
    request->path = std::move(*decoded);
  } else {
    return Status::Invalid("the path is not percent-encoded UTF-8 without NUL");
  }
  if (HasDotSegment(request->path)) return Status::Invalid("the path has a segment '.' or '..'");
  if (mark != std::string_view::npos && !DecodePairs(origin.substr(mark + 1), &request->query)) {
    return Status::Invalid("the query is not percent-encoded UTF-8 without NUL, or has over 1000 parameters");
  }
  return Status::Ok();
}

}  // namespace forewarn::http
