// A text/event-stream of any bytes: the events do not depend on where it is cut, and what the hub writes is
// read back as it was.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "http/client.h"
#include "http/event_hub.h"

namespace forewarn::http {
namespace {

std::string Read(std::string_view bytes, size_t piece) {
  EventParser parser(4096);
  std::string log;
  const auto note = [&](const ReceivedEvent& event) {
    log += event.name + "\n" + event.data + "\n" + event.id + "\n\n";
  };
  for (size_t at = 0; at < bytes.size(); at += piece) {
    if (!parser.Feed(bytes.substr(at, piece), note)) return log + "too large";
  }
  return log + parser.last_event_id() + std::to_string(parser.retry_ms());
}

// Line ends inside data come back as '\n', whatever they were.
std::string WithPlainLineEnds(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\r' && i + 1 < text.size() && text[i + 1] == '\n') continue;
    out += text[i] == '\r' ? '\n' : text[i];
  }
  return out;
}

void RoundTrip(const EventHub& hub, std::string_view data) {
  EventParser parser(1 << 20);
  int events = 0;
  parser.Feed(hub.Frame({"name", std::string(data), 7}), [&](const ReceivedEvent& event) {
    ++events;
    if (event.data != WithPlainLineEnds(data) || event.id != "7" || event.name != "name") std::abort();
  });
  if (events != 1) std::abort();
}

}  // namespace
}  // namespace forewarn::http

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 1) return 0;
  static const forewarn::http::EventHub hub;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (forewarn::http::Read(bytes, bytes.size() + 1) != forewarn::http::Read(bytes, 1 + data[0] % 16))
    std::abort();
  forewarn::http::RoundTrip(hub, bytes);
  return 0;
}
