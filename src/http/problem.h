// The one file that turns failures into replies: Status, faults and HTTP's own refusals become
// application/problem+json (RFC 9457) `{type, title, status, detail, errors:[{pointer, detail}]}`. Every
// error reply of every service goes through it, so that all look alike and none tells a path or a stack. Pure
// functions, any thread.
#pragma once

#include <string>
#include <vector>

#include "core/fault.h"
#include "http/message.h"

namespace forewarn::http {

// status: 400 and up; the title is the status' own phrase. 401 carries `WWW-Authenticate: Bearer`; 429 and
// 503 carry `Retry-After` (retry_after seconds).
Response Problem(int status, std::string detail, const std::vector<Fault>& errors = {}, int retry_after = 1);

// kInvalid: 422 with faults, 400 without · kUsage 400 · kNotFound 404 · kExists, kGate 409 · kBusy,
// kUnavailable, kIo 503 · kInternal 500 · kUnauthenticated 401 · kForbidden 403 · kThrottled 429. The texts
// of kIo and kInternal may name files: they are logged and replaced by general words. status must not be ok.
Response Problem(const Status& status, const std::vector<Fault>& errors = {});

Response MethodNotAllowed(const std::string& allow);  // 405 with Allow

const char* ReasonPhrase(int status);  // "Not Found"; "Unknown" for a status not in RFC 9110 and 6585

}  // namespace forewarn::http
