// The gateway's live stream: the monitor's events on their way to the browsers. Warnings get the id under
// which the store keeps them, and what operators said of them. Publish never waits for a reader. Any thread.
#pragma once

#include <memory>
#include <mutex>

#include "accounts/store.h"
#include "http/event_hub.h"
#include "live/live_event.h"
#include "live/plant_zone.h"
#include "live/warning.h"

namespace forewarn {

class LiveFeed final : public EventSink {
 public:
  // store must outlive it.
  LiveFeed(Store* store, PlantZone zone);
  ~LiveFeed() override;  // ends the streams

  void Publish(const LiveEvent& event) override;
  // An operator acknowledged or judged it: change is "acknowledged" or "verdict".
  void PublishWarning(const Warning& warning, std::string_view change);

  const std::shared_ptr<http::EventHub>& hub() const { return hub_; }

 private:
  void Send(std::string name, std::string data, PlantTime time);
  std::string WithId(const std::string& data) const;

  Store& store_;
  const PlantZone zone_;
  const std::shared_ptr<http::EventHub> hub_;
  std::mutex mutex_;
  PlantTime last_id_ = 0;
};

}  // namespace forewarn
