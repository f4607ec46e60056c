#include "api/event_ids.h"

#include "core/plant_time.h"
#include "live/live_event.h"

namespace forewarn {

http::EventHubOptions PlantEventOptions() {
  http::EventHubOptions options;
  options.ring_events = 2048;
  options.ring_bytes = size_t{4} << 20;
  // Times are whole milliseconds: what is below is the event's number among those of its time.
  options.write_id = [](int64_t id) {
    const PlantTime time = BinStart(id, kMillisecond);
    return EventId(time, static_cast<int>(id - time));
  };
  options.read_id = [](std::string_view text) -> std::optional<int64_t> {
    int number = 0;
    if (const size_t at = text.rfind('-'); at != std::string_view::npos && text.find('T') < at) {
      for (const char c : text.substr(at + 1)) {
        if (c < '0' || c > '9' || number > 999) return std::nullopt;
        number = number * 10 + (c - '0');
      }
      text = text.substr(0, at);
    }
    PlantTime time = 0;
    if (!ParseEventId(text, &time)) return std::nullopt;
    return time + number;
  };
  return options;
}

}  // namespace forewarn
