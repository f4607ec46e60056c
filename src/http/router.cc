#include "http/router.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <cstdlib>
#include <exception>
#include <map>

#include "core/names.h"
#include "http/parameters.h"
#include "http/problem.h"
#include "http/target.h"

namespace forewarn::http {
namespace {

constexpr size_t kMaxListed = 60;  // paths in a 404's detail

// A segment of a pattern: "{id}" and "{path...}" have a name and a kind.
enum class SegmentKind { kLiteral, kOne, kRest };
struct Segment {
  SegmentKind kind = SegmentKind::kLiteral;
  std::string text;
};

Segment ParseSegment(std::string_view text) {
  if (text.size() > 2 && text.front() == '{' && text.back() == '}') {
    std::string_view name = text.substr(1, text.size() - 2);
    if (name.size() > 3 && name.ends_with("...")) {
      return {SegmentKind::kRest, std::string(name.substr(0, name.size() - 3))};
    }
    return {SegmentKind::kOne, std::string(name)};
  }
  return {SegmentKind::kLiteral, std::string(text)};
}

[[noreturn]] void RouteBug(std::string_view pattern, const char* what) {
  spdlog::critical("route '{}' {}", pattern, what);
  std::abort();
}

// "/a//b" → "a", "", "b"; "/" → nothing.
std::vector<std::string_view> SplitPath(std::string_view path) {
  std::vector<std::string_view> out;
  if (path.size() <= 1) return out;
  path.remove_prefix(1);
  for (;;) {
    const size_t slash = path.find('/');
    out.push_back(path.substr(0, slash));
    if (slash == std::string_view::npos) return out;
    path.remove_prefix(slash + 1);
  }
}

std::string_view MediaType(std::string_view content_type) {
  return Trim(content_type.substr(0, content_type.find(';')));
}

bool TypeMatches(const std::string& type, const std::string& accepted) {
  if (accepted == "application/*+json") return type.starts_with("application/") && type.ends_with("+json");
  return type == accepted;
}

}  // namespace

struct Router::Node {
  std::map<std::string, std::unique_ptr<Node>, std::less<>> literals;
  std::unique_ptr<Node> one;   // {id}
  std::unique_ptr<Node> rest;  // {path...}: always a leaf
  std::array<const Route*, kMethods> routes{};
  std::vector<std::string> names;  // of the parameters on the way here, of this leaf's first pattern

  bool IsLeaf() const {
    return std::any_of(routes.begin(), routes.end(), [](const Route* route) { return route != nullptr; });
  }
  // The leaf for segments [i, …), the texts of its parameters in `values` (still encoded).
  const Node* Walk(const std::vector<std::string_view>& segments, size_t i,
                   std::vector<std::string_view>* values) const {
    if (i == segments.size()) {
      if (IsLeaf()) return this;
      if (rest) values->emplace_back();
      return rest.get();
    }
    const size_t kept = values->size();
    if (const auto found = FindLiteral(segments[i]); found != nullptr) {
      if (const Node* leaf = found->Walk(segments, i + 1, values)) return leaf;
      values->resize(kept);
    }
    if (one && !segments[i].empty()) {
      values->push_back(segments[i]);
      if (const Node* leaf = one->Walk(segments, i + 1, values)) return leaf;
      values->resize(kept);
    }
    if (!rest) return nullptr;
    const char* begin = segments[i].data();
    values->emplace_back(begin, static_cast<size_t>(segments.back().data() + segments.back().size() - begin));
    return rest.get();
  }
  const Node* FindLiteral(std::string_view segment) const {
    if (segment.find('%') == std::string_view::npos) {
      const auto found = literals.find(segment);
      return found == literals.end() ? nullptr : found->second.get();
    }
    const auto decoded = DecodePercent(segment, false);
    const auto found = decoded ? literals.find(*decoded) : literals.end();
    return found == literals.end() ? nullptr : found->second.get();
  }
};

Router::Router() : root_(std::make_unique<Node>()) {}
Router::~Router() = default;

RouteOptions JsonRoute(Guard guard) {
  RouteOptions options;
  options.guard = std::move(guard);
  options.accepts = {"application/json", "application/*+json"};
  return options;
}

void Router::Add(Method method, std::string_view pattern, Handler handler, RouteOptions options) {
  if (!pattern.starts_with('/')) RouteBug(pattern, "does not begin with '/'");
  if (method == Method::kOther) RouteBug(pattern, "has no method");
  Node* node = root_.get();
  std::vector<std::string> names;
  bool ended = false;
  for (const std::string_view text : SplitPath(pattern)) {
    if (ended) RouteBug(pattern, "goes on after {...}");
    Segment segment = ParseSegment(text);
    std::unique_ptr<Node>& next = segment.kind == SegmentKind::kLiteral ? node->literals[segment.text]
                                  : segment.kind == SegmentKind::kOne   ? node->one
                                                                        : node->rest;
    if (!next) next = std::make_unique<Node>();
    if (segment.kind != SegmentKind::kLiteral) names.push_back(segment.text);
    ended = segment.kind == SegmentKind::kRest;
    node = next.get();
  }
  if (node->IsLeaf() && node->names != names) RouteBug(pattern, "names its parameters otherwise elsewhere");
  const Route*& slot = node->routes[static_cast<size_t>(method)];
  if (slot != nullptr) RouteBug(pattern, "is taken for this method");
  node->names = std::move(names);
  routes_.push_back(std::make_unique<Route>(
      Route{routes_.size(), method, std::string(pattern), std::move(handler), std::move(options)}));
  slot = routes_.back().get();
}

void Router::Hook(std::function<void(const Exchange&)> hook) { hooks_.push_back(std::move(hook)); }

void Router::SetCors(CorsOptions options) { cors_ = std::move(options); }

void Router::SetHeaders(std::vector<Field> headers) {
  fixed_headers_.clear();
  for (const Field& field : headers) fixed_headers_ += field.name + ": " + field.value + "\r\n";
}

std::string Router::AllowOf(const Node& node) const {
  std::vector<std::string> names;
  for (int m = 0; m < kMethods; ++m) {
    const bool by_get = static_cast<Method>(m) == Method::kHead && node.routes[0] != nullptr;
    const bool always = static_cast<Method>(m) == Method::kOptions;
    if (node.routes[m] != nullptr || by_get || always) {
      names.emplace_back(MethodName(static_cast<Method>(m)));
    }
  }
  return JoinNames(names);
}

Response Router::Options(const Request& request, const Node& node) const {
  Response response = NoContent();
  const std::string allow = AllowOf(node);
  response.headers.push_back({"Allow", allow});
  const bool preflight =
      !request.Header("Origin").empty() && !request.Header("Access-Control-Request-Method").empty();
  if (preflight && IsAllowedOrigin(request.Header("Origin"))) {
    response.headers.push_back({"Access-Control-Allow-Methods", allow});
    response.headers.push_back(
        {"Access-Control-Allow-Headers", "Authorization, Content-Type, Last-Event-ID, If-None-Match"});
    response.headers.push_back({"Access-Control-Max-Age", "600"});
  }
  return response;
}

bool Router::IsAllowedOrigin(std::string_view origin) const {
  return std::any_of(cors_.origins.begin(), cors_.origins.end(),
                     [&](const std::string& allowed) { return allowed == "*" || allowed == origin; });
}

void Router::AppendCors(const Request& request, std::string* head) const {
  if (cors_.origins.empty()) return;
  const bool any = cors_.origins.front() == "*";
  if (!any) *head += "Vary: Origin\r\n";
  const std::string_view origin = request.Header("Origin");
  if (origin.empty() || !IsAllowedOrigin(origin)) return;
  *head += "Access-Control-Allow-Origin: ";
  *head += any ? "*" : origin;
  *head += "\r\nAccess-Control-Expose-Headers: Retry-After, ETag, Content-Disposition\r\n";
  if (!any) *head += "Access-Control-Allow-Credentials: true\r\n";
}

Router::Match Router::Find(Request& request) const {
  request.params.clear();
  request.route = {};
  thread_local std::vector<std::string_view> values;
  values.clear();
  if (request.path == "*") {
    if (request.method == Method::kOptions) return {nullptr, Options(request, *root_)};
    return {nullptr, NotFound(request)};
  }
  const Node* leaf = root_->Walk(SplitPath(RawPath(request.target)), 0, &values);
  if (leaf == nullptr) return {nullptr, NotFound(request)};
  const Route* route =
      request.method == Method::kOther ? nullptr : leaf->routes[static_cast<size_t>(request.method)];
  if (route == nullptr && request.method == Method::kHead) route = leaf->routes[0];
  if (route == nullptr) {
    if (request.method == Method::kOptions) return {nullptr, Options(request, *leaf)};
    return {nullptr, MethodNotAllowed(AllowOf(*leaf))};
  }
  for (size_t i = 0; i < leaf->names.size(); ++i) {
    auto decoded = DecodePercent(values[i], false);
    if (!decoded) return {nullptr, Problem(400, "the path is not percent-encoded UTF-8 without NUL")};
    request.params.emplace_back(leaf->names[i], std::move(*decoded));
  }
  request.route = route->pattern;
  return {route, std::nullopt};
}

std::optional<Response> Router::CheckContentType(const Route& route, const Request& request) {
  const std::vector<std::string>& accepts = route.options.accepts;
  if (accepts.empty()) return std::nullopt;
  const std::string type = ToLower(MediaType(request.Header("Content-Type")));
  for (const std::string& accepted : accepts) {
    if (TypeMatches(type, accepted)) return std::nullopt;
  }
  return Problem(415, (type.empty() ? "the body has no Content-Type" : "the body's type is " + type) +
                          "; taken here: " + JoinNames(accepts));
}

Response Router::NotFound(const Request& request) const {
  std::vector<std::string> paths;
  for (const auto& route : routes_) {
    std::string line = std::string(MethodName(route->method)) + " " + route->pattern;
    if (paths.size() < kMaxListed) paths.push_back(std::move(line));
  }
  const std::string shown = request.path.substr(0, 200);
  return Problem(404, "there is no path '" + shown + "'; there are: " + JoinNames(paths));
}

void Router::Tell(const Exchange& exchange) const {
  for (const auto& hook : hooks_) {
    try {
      hook(exchange);
    } catch (const std::exception& e) {
      spdlog::error("request hook: {}", e.what());
    }
  }
}

}  // namespace forewarn::http
