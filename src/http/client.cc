#include "http/client.h"

#include <fmt/format.h>

#include <algorithm>
#include <thread>

#include "core/names.h"
#include "http/curl.h"

namespace forewarn::http {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

struct Transfer {
  ClientReply reply;
  size_t max_reply = 0;
  bool too_large = false;
};

size_t TakeBody(char* bytes, size_t, size_t size, void* user) {
  auto* transfer = static_cast<Transfer*>(user);
  if (transfer->reply.body.size() + size > transfer->max_reply) {
    transfer->too_large = true;
    return 0;
  }
  transfer->reply.body.append(bytes, size);
  return size;
}

size_t TakeHeader(char* bytes, size_t, size_t size, void* user) {
  auto* transfer = static_cast<Transfer*>(user);
  const std::string_view line = Trim({bytes, size});
  if (line.starts_with("HTTP/")) {  // another head: of a 100 before the answer
    transfer->reply.fields.Clear();
  } else if (const size_t colon = line.find(':'); colon != std::string_view::npos) {
    transfer->reply.fields.Add(Trim(line.substr(0, colon)), Trim(line.substr(colon + 1)));
  }
  return size;
}

bool IsIdempotent(Method method) {
  return method == Method::kGet || method == Method::kHead || method == Method::kPut ||
         method == Method::kDelete;
}

bool IsTransient(int status) { return status == 502 || status == 503 || status == 504; }

void SetRequest(CURL* curl, const ClientRequest& request, curl_slist* headers) {
  curl_easy_setopt(curl, CURLOPT_URL, request.url.c_str());
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
  if (request.method == Method::kGet) {
    curl_easy_setopt(curl, CURLOPT_HTTPGET, 1L);
    return;
  }
  if (request.method == Method::kHead) {
    curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
    return;
  }
  curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, std::string(MethodName(request.method)).c_str());
  if (!request.body.empty() || request.method == Method::kPost || request.method == Method::kPut) {
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request.body.c_str());
  }
}

HeaderList HeadersOf(const ClientRequest& request, const ClientOptions& options) {
  HeaderList headers;
  if (!request.content_type.empty()) {
    headers.Add("Content-Type", request.content_type);
  } else if (!request.body.empty()) {
    headers.Add("Content-Type", "application/octet-stream");
  }
  headers.Add("Expect", "");  // a body of a few kB is not worth a round trip
  if (!options.bearer.empty()) headers.Add("Authorization", "Bearer " + options.bearer);
  for (const Field& field : request.headers) headers.Add(field.name, field.value);
  return headers;
}

Result<ClientReply> SendOnce(const ClientRequest& request, const ClientOptions& options, milliseconds left,
                             bool* reached) {
  CURL* curl = ThreadHandle();
  if (curl == nullptr) return Status::Internal("curl gives no handle");
  SetCommon(curl, options.connect_timeout, options.ca_file);
  const HeaderList headers = HeadersOf(request, options);
  SetRequest(curl, request, headers.get());
  if (!options.user.empty()) {
    curl_easy_setopt(curl, CURLOPT_HTTPAUTH, CURLAUTH_BASIC);
    curl_easy_setopt(curl, CURLOPT_USERNAME, options.user.c_str());
    curl_easy_setopt(curl, CURLOPT_PASSWORD, options.password.c_str());
  }
  Transfer transfer;
  transfer.max_reply = options.max_reply;
  curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, static_cast<long>(left.count()));
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, TakeBody);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &transfer);
  curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, TakeHeader);
  curl_easy_setopt(curl, CURLOPT_HEADERDATA, &transfer);
  const CURLcode code = curl_easy_perform(curl);
  *reached = WasReached(curl, code);
  const std::string place = PlaceOf(request.url);
  if (transfer.too_large) {
    return Status::Invalid(fmt::format("{} replies with more than {} bytes", place, options.max_reply));
  }
  if (code != CURLE_OK) return CurlFailure(code, place);
  long status = 0;
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
  transfer.reply.status = static_cast<int>(status);
  transfer.reply.content_type = transfer.reply.fields.Find("Content-Type");
  return std::move(transfer.reply);
}

}  // namespace

Client::Client(ClientOptions options) : options_(std::move(options)) {}

Result<ClientReply> Client::Send(const ClientRequest& request) const {
  const Clock::time_point deadline = Clock::now() + options_.timeout;
  const bool repeatable = options_.idempotent || IsIdempotent(request.method);
  milliseconds pause = options_.first_pause;
  for (int attempt = 0;; ++attempt) {
    const auto left = std::chrono::duration_cast<milliseconds>(deadline - Clock::now());
    bool reached = false;
    Result<ClientReply> reply = SendOnce(request, options_, std::max(left, milliseconds(1)), &reached);
    // What never reached the server may be sent again whatever its method.
    const bool may_retry = repeatable || (!reply.ok() && !reached);
    const bool transient =
        reply.ok() ? IsTransient(reply->status) : reply.status().code() == Code::kUnavailable;
    if (!transient || !may_retry || attempt >= options_.retries) return reply;
    if (Clock::now() + pause >= deadline) return reply;
    std::this_thread::sleep_for(pause);
    pause *= 2;
  }
}

Result<ClientReply> Client::Get(const std::string& url) const {
  ClientRequest request;
  request.url = url;
  return Send(request);
}

Result<ClientReply> Client::PostJson(const std::string& url, std::string body) const {
  ClientRequest request;
  request.method = Method::kPost;
  request.url = url;
  request.body = std::move(body);
  request.content_type = "application/json";
  return Send(request);
}

}  // namespace forewarn::http
