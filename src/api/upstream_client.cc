#include "api/upstream_client.h"

#include <utility>

#include "api/upstream.h"

namespace forewarn {
namespace {

// No tries of its own: a kept connection that broke is made anew by the library, the rest is the circuit's.
http::ClientOptions ClientOptionsOf(const std::string& bearer) {
  http::ClientOptions options;
  options.bearer = bearer;
  options.retries = 0;
  options.timeout = std::chrono::milliseconds(5'000);
  return options;
}

}  // namespace

UpstreamClient::UpstreamClient(std::string service, RemoteOptions options)
    : service_(std::move(service)), options_(std::move(options)), client_(ClientOptionsOf(options_.bearer)) {}

Result<std::string> UpstreamClient::Ask(http::ClientRequest request, std::vector<Fault>* faults) {
  if (const auto refusal = circuit_.Refusal()) return *refusal;
  request.url = options_.url + request.url;
  Result<http::ClientReply> reply = client_.Send(request);
  const Status reached = reply.ok() ? Status::Ok() : UpstreamAway(service_, reply.message());
  circuit_.Report(reached);
  if (!reached.ok()) return reached;
  if (reply->status != 200) return UpstreamStatus(service_, *reply, faults);
  return std::move(reply->body);
}

Result<std::string> UpstreamClient::Get(const std::string& path) {
  std::vector<Fault> none;
  return Ask({.method = http::Method::kGet, .url = path, .body = {}, .content_type = {}, .headers = {}},
             &none);
}

Result<std::string> UpstreamClient::Post(const std::string& path, std::string_view body,
                                         std::vector<Fault>* faults) {
  return Ask({.method = http::Method::kPost,
              .url = path,
              .body = std::string(body),
              .content_type = "application/json",
              .headers = {}},
             faults);
}

}  // namespace forewarn
