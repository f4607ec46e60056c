#include "api/live_feed.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "api/event_ids.h"
#include "api/wall_time.h"
#include "api/warning_log.h"
#include "live/json_fields.h"

namespace forewarn {

LiveFeed::LiveFeed(Store* store, PlantZone zone)
    : store_(*store), zone_(zone), hub_(std::make_shared<http::EventHub>(PlantEventOptions())) {}

LiveFeed::~LiveFeed() { hub_->Close(); }

void LiveFeed::Send(std::string name, std::string data, PlantTime time) {
  const std::lock_guard lock(mutex_);
  last_id_ = std::max(last_id_ + 1, time);
  hub_->Publish({std::move(name), std::move(data), last_id_});
}

// The row the event is about, told by its key; the event as it came where the store cannot be read.
std::string LiveFeed::WithId(const std::string& data) const {
  const Result<nlohmann::json> event = ParseObject(data);
  if (!event.ok()) return data;
  const Result<std::string> change = TextAt(*event, "change");
  const Result<std::string> horizon = TextAt(*event, "horizon");
  const Result<PlantTime> rise = UtcAt(*event, "rise");
  if (!change.ok() || !horizon.ok() || !rise.ok()) return data;
  const Result<Warning> row = store_.FindWarning(*horizon, zone_.ToLocal(*rise));
  return row.ok() ? WarningJson(*row, *change, zone_) : data;
}

void LiveFeed::Publish(const LiveEvent& event) {
  Send(event.name, event.name == "warning" ? WithId(event.data) : event.data, event.time);
}

void LiveFeed::PublishWarning(const Warning& warning, std::string_view change) {
  Send("warning", WarningJson(warning, change, zone_), 0);
}

}  // namespace forewarn
