// What Client and ReadEvents share of libcurl. Included by their two files only.
#pragma once

#include <curl/curl.h>

#include <chrono>
#include <functional>
#include <string>

#include "core/status.h"

namespace forewarn::http {

// The calling thread's handle, with every option at its default and its connections kept.
CURL* ThreadHandle();
// No signals, http and https only, no redirects (a token must not follow one), connections kept alive.
void SetCommon(CURL* curl, std::chrono::milliseconds connect_timeout, const std::string& ca_file);
// curl_easy_perform that ends within about 100 ms of `stop` becoming true (CURLE_ABORTED_BY_CALLBACK then).
CURLcode PerformStoppable(CURL* curl, const std::function<bool()>& stop);
bool WasReached(CURL* curl, CURLcode code);   // some of the request may have come to the server
std::string PlaceOf(const std::string& url);  // scheme, host and port, for messages; no user, path or query
Status CurlFailure(CURLcode code, const std::string& place);

// Header lines for CURLOPT_HTTPHEADER; must outlive the transfer.
class HeaderList {
 public:
  HeaderList() = default;
  ~HeaderList() { curl_slist_free_all(list_); }
  HeaderList(HeaderList&& other) noexcept : list_(other.list_) { other.list_ = nullptr; }
  HeaderList& operator=(HeaderList&&) = delete;
  // An empty value removes a field that curl would send by itself. Line ends in a value become spaces.
  void Add(const std::string& name, std::string value);
  curl_slist* get() const { return list_; }

 private:
  curl_slist* list_ = nullptr;
};

}  // namespace forewarn::http
