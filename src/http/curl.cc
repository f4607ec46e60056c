#include "http/curl.h"

#include <algorithm>
#include <memory>

namespace forewarn::http {
namespace {

constexpr long kKeepAliveSeconds = 30;
constexpr int kStopCheckMs = 100;

struct Cleanup {
  void operator()(CURL* curl) const { curl_easy_cleanup(curl); }
};

struct MultiCleanup {
  void operator()(CURLM* multi) const { curl_multi_cleanup(multi); }
};

}  // namespace

CURL* ThreadHandle() {
  static const CURLcode kReady = curl_global_init(CURL_GLOBAL_DEFAULT);  // once, before any handle
  if (kReady != CURLE_OK) return nullptr;
  thread_local const std::unique_ptr<CURL, Cleanup> kHandle(curl_easy_init());
  if (kHandle) curl_easy_reset(kHandle.get());
  return kHandle.get();
}

void SetCommon(CURL* curl, std::chrono::milliseconds connect_timeout, const std::string& ca_file) {
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(connect_timeout.count()));
  curl_easy_setopt(curl, CURLOPT_TCP_KEEPALIVE, 1L);
  curl_easy_setopt(curl, CURLOPT_TCP_KEEPIDLE, kKeepAliveSeconds);
  curl_easy_setopt(curl, CURLOPT_TCP_NODELAY, 1L);
  curl_easy_setopt(curl, CURLOPT_USERAGENT, "forewarn");
  if (!ca_file.empty()) curl_easy_setopt(curl, CURLOPT_CAINFO, ca_file.c_str());
}

CURLcode PerformStoppable(CURL* curl, const std::function<bool()>& stop) {
  const std::unique_ptr<CURLM, MultiCleanup> multi(curl_multi_init());
  if (!multi || curl_multi_add_handle(multi.get(), curl) != CURLM_OK) return CURLE_FAILED_INIT;
  CURLcode code = CURLE_ABORTED_BY_CALLBACK;
  int running = 1;
  while (running > 0 && !stop()) {
    if (curl_multi_perform(multi.get(), &running) != CURLM_OK) break;
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi.get(), &left)) {
      if (message->msg == CURLMSG_DONE) code = message->data.result;
    }
    if (running > 0) curl_multi_poll(multi.get(), nullptr, 0, kStopCheckMs, nullptr);
  }
  curl_multi_remove_handle(multi.get(), curl);
  return code;
}

bool WasReached(CURL* curl, CURLcode code) {
  if (code == CURLE_OK) return true;
  long sent = 0;
  curl_easy_getinfo(curl, CURLINFO_REQUEST_SIZE, &sent);
  return sent > 0;
}

std::string PlaceOf(const std::string& url) {
  const size_t scheme = url.find("://");
  if (scheme == std::string::npos) return "'" + url.substr(0, 60) + "'";
  const size_t end = std::min(url.find_first_of("/?#", scheme + 3), url.size());
  const size_t user = url.rfind('@', end);
  const size_t host = user != std::string::npos && user > scheme ? user + 1 : scheme + 3;
  return url.substr(0, scheme + 3) + url.substr(host, end - host);
}

Status CurlFailure(CURLcode code, const std::string& place) {
  switch (code) {
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
      return Status::Invalid(place + " is no http or https address");
    case CURLE_COULDNT_RESOLVE_HOST:
      return Status::Unavailable(place + ": the host's name is not known");
    case CURLE_COULDNT_CONNECT:
      return Status::Unavailable(place + " takes no connection; is the service running there?");
    case CURLE_OPERATION_TIMEDOUT:
      return Status::Unavailable(place + " does not answer in time");
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
      return Status::Unavailable(place + ": its certificate is not one that is trusted here");
    default:
      return Status::Unavailable(place + ": " + curl_easy_strerror(code));
  }
}

void HeaderList::Add(const std::string& name, std::string value) {
  std::replace_if(
      value.begin(), value.end(), [](char c) { return c == '\r' || c == '\n' || c == '\0'; }, ' ');
  list_ = curl_slist_append(list_, (name + (value.empty() ? ":" : ": " + value)).c_str());
}

}  // namespace forewarn::http
