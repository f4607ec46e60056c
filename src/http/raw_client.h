// For tests: a plain TCP client that sends whatever bytes it is told, and reads replies without trusting
// them. Every wait has a bound of ten seconds, so that a hanging server fails the test that found it. One
// thread.
#pragma once

#include <string>
#include <string_view>

namespace forewarn::http {

struct RawReply {
  int status = 0;    // 0: nothing, or nothing that is a reply
  std::string head;  // with its empty line
  std::string body;  // by Content-Length, chunks put together, or up to the end
  bool whole = false;
  std::string Header(std::string_view name) const;  // "" when absent
};

class RawClient {
 public:
  explicit RawClient(int port);
  ~RawClient();
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  bool connected() const { return fd_ >= 0; }
  bool Send(std::string_view bytes);  // false: the peer is gone
  RawReply Read(bool head_only = false);
  RawReply Ask(std::string_view bytes);  // Send and Read
  // Bytes up to and including `mark`; all there were when the peer closes before.
  std::string ReadUntil(std::string_view mark);
  bool AtEnd();                // waits for the peer to close; false if more bytes come or time passes
  void ShrinkReceiveBuffer();  // so that a server's writes block soon
  void Close();

 private:
  bool Fill();  // false: the end, an error or no byte in time

  int fd_ = -1;
  std::string buffer_;
};

// "GET /x HTTP/1.1\r\nHost: t\r\n" + fields + "\r\n" + body, with Content-Length when there is a body.
std::string RawRequest(std::string_view method, std::string_view target, std::string_view body = "",
                       std::string_view fields = "");

}  // namespace forewarn::http
