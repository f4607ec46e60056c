// Another service behind this one: how its failures are told. A service that does not answer is a 502 in
// words of ours; what it says itself (no model, a wrong value) is passed on as if we had said it. Pure; any
// thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/fault.h"
#include "core/status.h"
#include "http/client.h"
#include "http/message.h"

namespace forewarn {

// kUnavailable, and known by UpstreamProblem. service: "the inference service"; why: the client's words.
Status UpstreamAway(std::string_view service, const std::string& why);
bool IsUpstreamAway(const Status& status);

// The problem for a failure of a SensorSource or Scorer: 502 where the service is away, else http::Problem's.
http::Response UpstreamProblem(const Status& status, const std::vector<Fault>& faults = {});

// The failure a reply that is no 200 tells: the detail and faults of its problem. Invalid with faults for
// 422, without for 400, NotFound, Unavailable (503); everything else is UpstreamAway.
Status UpstreamStatus(std::string_view service, const http::ClientReply& reply, std::vector<Fault>* faults);

}  // namespace forewarn
