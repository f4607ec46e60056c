// The monitor's log over the accounts' store, and the store's warnings as the API tells them. Commit blocks
// until it is durable. Any thread.
#pragma once

#include <string>

#include "accounts/store.h"
#include "api/wall_time.h"
#include "live/plant_zone.h"
#include "live/warning.h"

namespace forewarn {

class StoreWarningLog final : public WarningLog {
 public:
  // store must outlive it. clock: when a row is first stored.
  StoreWarningLog(Store* store, PlantZone zone, WallClock clock)
      : store_(*store), zone_(zone), clock_(std::move(clock)) {}

  Result<WatchRecord> Load() override;
  Status Commit(const WatchStep& step) override;

 private:
  Store& store_;
  const PlantZone zone_;
  const WallClock clock_;
};

// {"id",["change",]"horizon",…,"ack","verdict"} of http.md's warning log. change "": left out.
std::string WarningJson(const Warning& warning, std::string_view change, const PlantZone& zone);

}  // namespace forewarn
