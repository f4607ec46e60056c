// Response → bytes: status line, fields, framing. Header values are kept to one line, whatever a handler put
// there. Pure but for the clock of Date; any thread.
#pragma once

#include <string>
#include <string_view>

#include "http/message.h"

namespace forewarn::http {

struct Framing {
  bool keep_alive = true;
  bool http11 = true;
  bool head_only = false;  // the answer to HEAD: framed as if the body came
  bool stream = false;     // no length, the end of the connection is the end of the body
};

std::string_view BodyOf(const Response& response);
// True if a body (of a known or unknown length) follows the head.
bool HasBody(const Response& response, const Framing& framing);
// Appends the head with its empty line. fixed: raw lines that every reply of the router has. A body from
// `pull` is announced as chunked (for HTTP/1.0: until the end of the connection; keep_alive must then be
// false).
void AppendHead(const Response& response, const Framing& framing, std::string_view fixed, std::string* out);
void AppendChunk(std::string_view chunk, std::string* out);  // "" is the last chunk

// "Sun, 06 Nov 1994 08:49:37 GMT" of now, made once a second for each thread.
const std::string& HttpDate();

}  // namespace forewarn::http
