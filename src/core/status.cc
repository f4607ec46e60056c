#include "core/status.h"

namespace forewarn {

const char* CodeName(Code code) {
  switch (code) {
    case Code::kOk:
      return "ok";
    case Code::kInvalid:
      return "invalid";
    case Code::kNotFound:
      return "not found";
    case Code::kExists:
      return "exists";
    case Code::kIo:
      return "io";
    case Code::kBusy:
      return "busy";
    case Code::kGate:
      return "gate";
    case Code::kUsage:
      return "usage";
    case Code::kUnavailable:
      return "unavailable";
    case Code::kInternal:
      return "internal";
    case Code::kUnauthenticated:
      return "unauthenticated";
    case Code::kForbidden:
      return "forbidden";
    case Code::kThrottled:
      return "throttled";
  }
  return "unknown";
}

}  // namespace forewarn
