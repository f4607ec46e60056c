#include "api/upstream.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "http/problem.h"

namespace forewarn {
namespace {

constexpr std::string_view kAway = "no answer from ";
constexpr size_t kMaxFaults = 100;
constexpr size_t kMaxText = 2000;

std::string TextOf(const nlohmann::json& object, const char* key) {
  const auto it = object.find(key);
  return it != object.end() && it->is_string() ? it->get<std::string>().substr(0, kMaxText) : "";
}

// Of a problem; a FastAPI-like {"detail": …} too.
void ReadFaults(const nlohmann::json& problem, std::vector<Fault>* faults) {
  const auto errors = problem.find("errors");
  if (errors == problem.end() || !errors->is_array()) return;
  for (const nlohmann::json& error : *errors) {
    if (!error.is_object() || faults->size() >= kMaxFaults) continue;
    faults->push_back({TextOf(error, "pointer"), TextOf(error, "detail")});
  }
}

}  // namespace

Status UpstreamAway(std::string_view service, const std::string& why) {
  return Status::Unavailable(fmt::format("{}{}: {}", kAway, service, why));
}

bool IsUpstreamAway(const Status& status) {
  return status.code() == Code::kUnavailable && status.message().rfind(kAway, 0) == 0;
}

http::Response UpstreamProblem(const Status& status, const std::vector<Fault>& faults) {
  return IsUpstreamAway(status) ? http::Problem(502, status.message()) : http::Problem(status, faults);
}

Status UpstreamStatus(std::string_view service, const http::ClientReply& reply, std::vector<Fault>* faults) {
  const nlohmann::json problem = nlohmann::json::parse(reply.body, nullptr, false);
  const std::string detail = problem.is_object() ? TextOf(problem, "detail") : "";
  if (!detail.empty()) {
    switch (reply.status) {
      case 400:
        return Status::Invalid(detail);
      case 404:
        return Status::NotFound(detail);
      case 422:
        ReadFaults(problem, faults);
        if (faults->empty()) faults->push_back({"", detail});
        return Status::Invalid(detail);
      case 503:
        return Status::Unavailable(detail);
      default:
        break;
    }
  }
  if (reply.status == 401 || reply.status == 403) {
    return UpstreamAway(service, fmt::format("it refuses our token ({})", reply.status));
  }
  return UpstreamAway(service, fmt::format("it answered {}", reply.status));
}

}  // namespace forewarn
