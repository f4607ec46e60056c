#include "api/sensor_flush.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

namespace forewarn {

std::string ReadingsCsv(const SensorJson& json, const std::vector<std::string>& sensors,
                        const std::vector<ReadingPtr>& readings) {
  std::string out = "timestamp";
  for (const std::string& sensor : sensors) out += "," + sensor;
  out += ",scenario\n";
  for (const ReadingPtr& reading : readings) {
    out += json.zone().Iso(reading->time);
    for (const size_t series : json.sensors()) {
      const double value = reading->value[series];
      out += IsValid(value) ? fmt::format(",{}", value) : ",";
    }
    out += "," + reading->scenario + "\n";
  }
  return out;
}

SensorFlush::SensorFlush(SensorJson json, std::vector<std::string> sensors, SensorSource* source,
                         SensorFlushOptions options)
    : json_(std::move(json)), sensors_(std::move(sensors)), source_(*source), options_(std::move(options)) {}

Result<std::unique_ptr<SensorFlush>> SensorFlush::Start(const Plant& plant, SensorSource* source,
                                                        SensorFlushOptions options) {
  FW_ASSIGN_OR_RETURN(SensorJson json, SensorJson::Make(plant));
  std::unique_ptr<SensorFlush> flush(
      new SensorFlush(std::move(json), plant.Sensors(), source, std::move(options)));
  if (flush->options_.every.count() > 0) flush->thread_ = std::thread([self = flush.get()] { self->Run(); });
  return flush;
}

SensorFlush::~SensorFlush() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

Status SensorFlush::FlushOnce() {
  if (store_ == nullptr) {
    FW_ASSIGN_OR_RETURN(store_, OpenObjectStore(options_.uri, options_.store));
  }
  FW_ASSIGN_OR_RETURN(const std::vector<ReadingPtr> readings, source_.History(kHistoryBuffer));
  const std::string csv = ReadingsCsv(json_, sensors_, readings);
  std::string stamp = FormatIsoUtc(BinStart(options_.clock(), kSecond));  // a key holds no ':'
  std::erase_if(stamp, [](char c) { return c == '-' || c == ':'; });
  FW_RETURN_IF_ERROR(store_->Write("live/sensor_" + stamp + ".csv", csv));
  return store_->Write("live/latest.csv", csv);
}

void SensorFlush::Run() {
  bool failing = false;
  std::unique_lock lock(mutex_);
  while (!wake_.wait_for(lock, options_.every, [this] { return stop_; })) {
    lock.unlock();
    const Status flushed = FlushOnce();
    if (!flushed.ok() && !failing)
      spdlog::warn("sensor flush: {}; it will be tried again", flushed.message());
    if (flushed.ok() && failing) spdlog::info("sensor flush: works again");
    failing = !flushed.ok();
    if (flushed.ok() && options_.uploaded) options_.uploaded();
    lock.lock();
  }
}

}  // namespace forewarn
