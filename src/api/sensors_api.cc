#include "api/sensors_api.h"

#include <map>
#include <utility>

#include "api/document.h"
#include "api/event_ids.h"
#include "api/plant_routes.h"
#include "http/problem.h"
#include "live/sensor_json.h"

namespace forewarn {

using http::Request;

struct SensorsApi::Impl {
  SensorSource& source;
  http::Metrics& metrics;
  SensorsOptions options;
  SensorJson json;
  PlantTime interval;
  std::string document;
  std::shared_ptr<http::EventHub> hub = std::make_shared<http::EventHub>(PlantEventOptions());
  prometheus::Counter& live_reads;
  prometheus::Counter& history_reads;
  prometheus::Counter& uploads;
  std::map<std::string, prometheus::Counter*> activations;  // constant after Make
  std::unique_ptr<SensorSource::Subscription> subscription;

  Impl(const Plant& plant, SensorSource* the_source, http::Metrics* the_metrics, SensorsOptions the_options,
       SensorJson the_json)
      : source(*the_source),
        metrics(*the_metrics),
        options(std::move(the_options)),
        json(std::move(the_json)),
        interval(plant.interval),
        live_reads(metrics.Counter("sensor_live_reads_total", "Reads of /sensors/live.")),
        history_reads(metrics.Counter("sensor_history_reads_total", "Reads of /sensors/history.")),
        uploads(metrics.Counter("sensor_minio_uploads_total", "Flushes of the buffer to the object store.")) {
    for (const std::string& name : plant.simulator.ScenarioNames()) {
      activations[name] = &metrics.Counter("sensor_scenario_activations_total", "Switches to a scenario.",
                                           {{"scenario", name}});
    }
  }

  void Publish(const SensorEvent& event) {
    if (event.reading == nullptr) return;
    const char* name = event.kind == SensorEvent::Kind::kHourClosed ? "hour" : "reading";
    hub->Publish({name, json.Reading(*event.reading), event.id});
  }

  // The hours of the buffer come first in the stream's ring, so that a client may resume from before this
  // start.
  Status Begin() {
    FW_ASSIGN_OR_RETURN(const std::vector<ReadingPtr> hours, source.History(kHistoryBuffer));
    for (const ReadingPtr& hour : hours) hub->Publish({"hour", json.Reading(*hour), hour->time + interval});
    subscription = source.Subscribe([this](const SensorEvent& event) { Publish(event); });
    return Status::Ok();
  }

  PlantRouteHooks Hooks() {
    PlantRouteHooks hooks;
    hooks.live_read = [this] { live_reads.Increment(); };
    hooks.history_read = [this] { history_reads.Increment(); };
    hooks.activated = [this](const Request&, const ScenarioInfo& scenario) {
      const auto counter = activations.find(scenario.name);
      if (counter != activations.end()) counter->second->Increment();
    };
    return hooks;
  }
};

SensorsApi::SensorsApi(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

SensorsApi::~SensorsApi() {
  impl_->subscription.reset();
  impl_->hub->Close();
}

Result<std::unique_ptr<SensorsApi>> SensorsApi::Make(const Plant& plant, SensorSource* source,
                                                     http::Metrics* metrics, SensorsOptions options) {
  FW_ASSIGN_OR_RETURN(SensorJson json, SensorJson::Make(plant));
  auto impl = std::make_unique<Impl>(plant, source, metrics, std::move(options), std::move(json));
  FW_ASSIGN_OR_RETURN(impl->document, CompleteDocument(DocumentTemplate(Service::kSensors), plant,
                                                       {impl->options.bearer_needed, ""}));
  FW_RETURN_IF_ERROR(impl->Begin());
  return std::unique_ptr<SensorsApi>(new SensorsApi(std::move(impl)));
}

size_t SensorsApi::readers() const { return impl_->hub->subscribers(); }

void SensorsApi::CountUpload() { impl_->uploads.Increment(); }

void SensorsApi::Mount(http::Router& router) {
  http::RouteOptions guarded;
  guarded.guard = impl_->options.guard;
  MountPlantRoutes(router, &impl_->source, impl_->json, guarded, impl_->Hooks());
  router.Add(
      http::Method::kGet, "/sensors/stream",
      http::Stream{[hub = impl_->hub](const Request&) -> std::variant<http::EventStream, http::Response> {
        return http::EventStream{hub, {}};
      }},
      guarded);
  MountServiceRoutes(router, {Service::kSensors, impl_->document, &impl_->metrics,
                              [] { return Readiness{true, 1, "ready"}; }, impl_->options.guard});
}

}  // namespace forewarn
