// The optional flush of a plant's buffer to an object store (values.md, MINIO_*): every so often the hours
// the source holds as CSV, under live/sensor_<UTC>.csv and live/latest.csv. A thread of its own; a store that
// is away is told once and tried again at the next turn.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

#include "api/wall_time.h"
#include "core/status.h"
#include "io/object_store.h"
#include "live/sensor_json.h"
#include "live/sensor_source.h"
#include "plant/plant.h"

namespace forewarn {

struct SensorFlushOptions {
  std::string uri;  // "s3://raw"
  ObjectStoreOptions store;
  std::chrono::seconds every{60};
  std::function<void()> uploaded;  // after each flush; on the flush's thread
  WallClock clock = SystemWallClock();
};

class SensorFlush {
 public:
  // source must outlive it.
  static Result<std::unique_ptr<SensorFlush>> Start(const Plant& plant, SensorSource* source,
                                                    SensorFlushOptions options);
  ~SensorFlush();  // waits for a flush under way

  // One flush, on the caller's thread.
  Status FlushOnce();

 private:
  SensorFlush(SensorJson json, std::vector<std::string> sensors, SensorSource* source,
              SensorFlushOptions options);
  void Run();

  const SensorJson json_;
  const std::vector<std::string> sensors_;
  SensorSource& source_;
  const SensorFlushOptions options_;
  std::unique_ptr<ObjectStore> store_;  // opened at first use; of whoever flushes
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stop_ = false;
  std::thread thread_;
};

// "timestamp,<sensor>…,scenario" and one line a reading; a value that is null is an empty cell.
std::string ReadingsCsv(const SensorJson& json, const std::vector<std::string>& sensors,
                        const std::vector<ReadingPtr>& readings);

}  // namespace forewarn
