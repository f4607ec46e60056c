// Events of the gateway's live stream, ready for server-sent events: a name, an id, one line of JSON. Times
// in the JSON are ISO 8601 UTC, converted from plant-local time; null where there is none. The payloads:
//
//   reading  {"timestamp",<sensor>…,"quality","filled":[…],"tags":{…},"local_time","scenario"}   a scan
//   hour     the same of a closed hour; timestamp is its start
//   risk     {"timestamp","known_at","status","forecasts":[{"horizon","horizon_hours","probability",
//             "threshold","alarm","status","model":{"name","version","skill"},"base_value","output_value",
//             "output","drivers":[{"feature","value","shap_value"}]}],"blend":{"raw","smoothed"}|null,
//             "index","warning":<warning>|null,"alarm":<alarm>|null,"alarm_rules":[…],"alarm_known",
//             "reason","replayed"}
//             index: the forecasts pooled, 1 raises a warning; reason: why there is no forecast
//   warning  {"change":"raised"|"ended"|"judged","horizon","horizon_hours","rise","told","end",
//             "probability","threshold","peak","drivers":[…],"model":{…},"outcome","alarm","lead_hours"}
//   alarm    {"change":"began"|"ended","began","ended","rules":[text…],"lead_hours"}
//             lead_hours: of the warning that came before it, null without one
//   status   {"model":"ok"|"no model","source":"ok"|"away","log":"ok"|"failing","detail","last_hour"}
#pragma once

#include <string>

#include "core/plant_time.h"

namespace forewarn {

// What an event means for those who count (api/live_metrics.h) and need not read its text.
struct LiveNews {
  enum class Kind {
    kNone,
    kRaised,  // a warning of `horizon`
    kEnded,   // a warning of `horizon`
    kSilent,  // no reading has come for longer than filling bridges, or the source is away
    kHeard,   // readings come
  };
  Kind kind = Kind::kNone;
  std::string horizon;
};

struct LiveEvent {
  std::string name;
  std::string data;
  PlantTime time = 0;  // plant time of the event; ascending, several events may share one
  // The id on the wire, unique: EventId(time, n) where it is the n-th event of its time.
  std::string id;
  LiveNews news = {};
};

// "2021-08-28T05:05:00" (plant time; fraction where there is one), "-n" behind it for n > 0.
std::string EventId(PlantTime time, int n = 0);
// The plant time of an id; false for a text that is none.
bool ParseEventId(std::string_view text, PlantTime* time);

// Where the monitor's events go. Publish is called from the monitor's and the source's threads, one at a
// time, and must return at once.
class EventSink {
 public:
  virtual ~EventSink() = default;
  virtual void Publish(const LiveEvent& event) = 0;
};

}  // namespace forewarn
