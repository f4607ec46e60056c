// What other processes tell the live service: readings, history, meta and scenarios of a remote source,
// replies of a remote scorer, the monitor's kept state, event ids. Any text is refused in words or comes back
// as it was written.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "live/live_event.h"
#include "live/scorer_replies.h"
#include "live/sensor_json.h"
#include "live/watch_state.h"
#include "plant/plant_file.h"

namespace {

constexpr char kPlant[] = R"([plant]
name = "small"
zone = "Europe/Berlin"
interval = "1h"
[[tag]]
id = "a"
[[controller]]
id = "c"
)";

const forewarn::SensorJson& Json() {
  static const forewarn::SensorJson kJson = [] {
    const forewarn::PlantCheck check = forewarn::CheckPlant(kPlant, "small.toml", "");
    if (!check.plant) std::abort();
    return forewarn::SensorJson::Make(*check.plant).value();
  }();
  return kJson;
}

template <typename T>
bool Told(const forewarn::Result<T>& result) {
  if (result.ok()) return true;
  if (result.message().empty()) std::abort();
  return false;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto reading = Json().ParseReading(text);
  if (Told(reading)) {
    const auto again = Json().ParseReading(Json().Reading(*reading));
    if (!again.ok() || Json().Reading(*again) != Json().Reading(*reading)) std::abort();
  }
  (void)Told(Json().ParseLive(text));
  (void)Told(Json().ParseHistory(text));
  (void)Told(Json().ParseMeta(text));
  (void)Told(Json().ParseScenarios(text));
  (void)Told(forewarn::ParseForecastReply(text));
  (void)Told(forewarn::ParsePredictReply(text));
  (void)Told(forewarn::ParseExplainReply(text));
  const auto state = forewarn::ParseWatchState(text);
  if (Told(state)) {
    const std::string written = forewarn::WatchStateText(*state);
    const auto again = forewarn::ParseWatchState(written);
    if (!again.ok() || forewarn::WatchStateText(*again) != written) std::abort();
  }
  forewarn::PlantTime time = 0;
  (void)forewarn::ParseEventId(text, &time);
  return 0;
}
