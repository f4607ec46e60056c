// Bytes → Request, one request after another on a connection, over Boost.Beast's parser. All that makes a
// request malformed or too large is decided here, with the status that says so; sockets and routes are
// elsewhere. What could be read in two ways (Content-Length beside Transfer-Encoding, doubled, not "chunked"
// alone; no Host or several) is refused: a proxy before us might have read it the other way. One thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "http/message.h"

namespace forewarn::http {

struct ParserLimits {
  size_t max_head = 16 * 1024;   // 431
  size_t max_target = 8 * 1024;  // 414
};

class RequestParser {
 public:
  enum class Step {
    kMore,    // give more bytes
    kHead,    // the head is whole, once a request: AllowBody, then go on
    kDone,    // the request is whole
    kFailed,  // failure() says why; the connection is of no more use
  };
  struct Failure {
    int status = 400;
    std::string detail;
  };

  explicit RequestParser(ParserLimits limits = {});
  ~RequestParser();

  // The next request goes to *request, which keeps its buffers.
  void Begin(Request* request);
  // Reads from `bytes`; *used tells how far. What is left belongs to the body or the next request.
  Step Feed(std::string_view bytes, size_t* used);
  void AllowBody(size_t max);  // larger: 413

  bool begun() const;  // some bytes of this request were read
  const Failure& failure() const { return failure_; }
  bool keep_alive() const;
  bool http11() const;
  bool has_body() const;  // one is to come, chunked or of a length over 0
  std::optional<uint64_t> content_length() const;

 private:
  class Beast;
  Step Fail(int status, std::string detail);
  Step CheckHead();

  ParserLimits limits_;
  Request* request_ = nullptr;
  std::unique_ptr<Beast> beast_;
  bool head_done_ = false;
  bool begun_ = false;
  Failure failure_;
};

}  // namespace forewarn::http
