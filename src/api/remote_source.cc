#include "api/remote_source.h"

#include <fmt/format.h>

#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <thread>
#include <utility>

#include "api/event_ids.h"
#include "api/upstream.h"
#include "http/client.h"
#include "live/live_event.h"
#include "live/sensor_json.h"

namespace forewarn {
namespace {

constexpr char kService[] = "the sensors service";

// Those who listen; shared with their subscriptions.
class Listeners {
 public:
  int Add(SensorSource::Listener listener) {
    const std::lock_guard lock(mutex_);
    listeners_.emplace(++last_, std::move(listener));
    return last_;
  }
  // No call is running or follows afterwards.
  void Remove(int number) {
    const std::lock_guard lock(mutex_);
    listeners_.erase(number);
  }
  void Tell(const SensorEvent& event) {
    const std::lock_guard lock(mutex_);
    for (const auto& [number, listener] : listeners_) listener(event);
  }

 private:
  std::mutex mutex_;
  std::map<int, SensorSource::Listener> listeners_;
  int last_ = 0;
};

class RemoteSubscription final : public SensorSource::Subscription {
 public:
  RemoteSubscription(Listeners* listeners, int number) : listeners_(*listeners), number_(number) {}
  ~RemoteSubscription() override { listeners_.Remove(number_); }

 private:
  Listeners& listeners_;
  const int number_;
};

class RemoteSource final : public SensorSource {
 public:
  RemoteSource(SensorJson json, RemoteOptions options)
      : json_(std::move(json)), service_(kService, std::move(options)) {}

  ~RemoteSource() override {
    reader_.request_stop();
    if (reader_.joinable()) reader_.join();
  }

  bool local() const override { return false; }

  Result<LiveReading> Live() override {
    FW_ASSIGN_OR_RETURN(const std::string body, service_.Get("/sensors/live"));
    return Understood(json_.ParseLive(body));
  }
  Result<std::vector<ReadingPtr>> History(size_t n) override {
    FW_ASSIGN_OR_RETURN(const std::string body, service_.Get(fmt::format("/sensors/history?n={}", n)));
    return Understood(json_.ParseHistory(body));
  }
  Result<std::vector<SensorMeta>> Meta() override {
    FW_ASSIGN_OR_RETURN(const std::string body, service_.Get("/sensors/meta"));
    return Understood(json_.ParseMeta(body));
  }
  Result<ScenarioList> Scenarios() override {
    FW_ASSIGN_OR_RETURN(const std::string body, service_.Get("/scenarios"));
    return Understood(json_.ParseScenarios(body));
  }

  Result<ScenarioInfo> Activate(std::string_view name) override {
    FW_ASSIGN_OR_RETURN(const ScenarioList list, Scenarios());
    std::vector<Fault> faults;
    const std::string body =
        nlohmann::json{{"name", name}}.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    FW_RETURN_IF_ERROR(service_.Post("/scenarios/activate", body, &faults).status());
    for (const ScenarioInfo& scenario : list.scenarios) {
      if (scenario.name == name) return scenario;
    }
    return ScenarioInfo{std::string(name), "", ""};
  }

  std::unique_ptr<Subscription> Subscribe(Listener listener) override {
    const int number = listeners_.Add(std::move(listener));
    std::call_once(reading_,
                   [this] { reader_ = std::jthread([this](std::stop_token stop) { Read(stop); }); });
    return std::make_unique<RemoteSubscription>(&listeners_, number);
  }

 private:
  // A reply that is not what the service promises is as good as none.
  template <typename T>
  static Result<T> Understood(Result<T> parsed) {
    if (parsed.ok()) return parsed;
    return UpstreamAway(kService, "a reply that is not understood: " + parsed.message());
  }

  void Read(std::stop_token stop) {
    http::EventReaderOptions reader;
    reader.url = service_.options().url + "/sensors/stream";
    reader.bearer = service_.options().bearer;
    http::ReadEvents(
        reader, std::move(stop), [this](const http::ReceivedEvent& event) { OnEvent(event); },
        [this](const Status& state) {
          SensorEvent event;
          event.kind = state.ok() ? SensorEvent::Kind::kBack : SensorEvent::Kind::kAway;
          if (!state.ok()) event.problem = UpstreamAway(kService, state.message());
          listeners_.Tell(event);
        });
  }

  void OnEvent(const http::ReceivedEvent& received) {
    SensorEvent event;
    if (received.name == "hour") {
      event.kind = SensorEvent::Kind::kHourClosed;
    } else if (received.name != "reading") {
      return;
    }
    Result<SensorReading> reading = json_.ParseReading(received.data);
    if (!reading.ok() || !ParseEventId(received.id, &event.id) || event.id <= last_id_) return;
    last_id_ = event.id;
    event.reading = std::make_shared<const SensorReading>(std::move(*reading));
    listeners_.Tell(event);
  }

  const SensorJson json_;
  UpstreamClient service_;
  Listeners listeners_;
  std::once_flag reading_;
  PlantTime last_id_ = kNoTime;  // of the reader's thread
  std::jthread reader_;
};

}  // namespace

Result<std::unique_ptr<SensorSource>> MakeRemoteSource(const Plant& plant, RemoteOptions options) {
  FW_ASSIGN_OR_RETURN(SensorJson json, SensorJson::Make(plant));
  return std::unique_ptr<SensorSource>(new RemoteSource(std::move(json), std::move(options)));
}

}  // namespace forewarn
