// What `up` and `serve` share: the services' options from the settings, their locks in the data folder, and a
// process that serves until it is told to stop.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "api/service_host.h"
#include "context.h"
#include "core/status.h"
#include "ops/data_folder.h"
#include "ops/service_lock.h"
#include "ops/training.h"
#include "plant/plant.h"
#include "service_settings.h"

namespace forewarn {

// Few arenas, and what is freed goes back: a service's memory is what it needs now. First thing in the
// process.
void UseLittleMemory();

// The children of the first training, on what this process works on; makes the folder of its history.
// on_change is the caller's. plant_seed: of the plant whose history is simulated.
Result<TrainingOptions> FirstTrainingOf(const Context& context, const ServiceSettings& settings,
                                        const Plant& plant, const DataFolder& folder, uint64_t plant_seed);

// Everything but which services run where.
Result<HostOptions> HostOptionsOf(const Context& context, const ServiceSettings& settings, const Plant& plant,
                                  const DataFolder& folder);

// The services of this process: locked, started, told, stopped.
class Hosting {
 public:
  // Takes the locks of the services that the options say run here.
  static Result<std::unique_ptr<Hosting>> Lock(const DataFolder& folder, const HostOptions& options);
  // Starts them. A taken port is told with its remedy.
  Status Start(HostOptions options);
  void WaitForStop();  // then drains, in bounded time: nobody asks anything any more
  void End();
  void Stop();  // asks for it; from any thread

  ServiceHost& host() { return *host_; }
  std::string UrlOf(const std::string& service) const;  // "http://127.0.0.1:7501"; "" where it is not here

 private:
  struct Served {
    Service service;
    std::string name;
    ListenAt at;
    ServiceLock lock;
    std::string address;
  };
  Hosting() = default;
  Status WithRemedy(const Status& failure) const;

  std::vector<Served> served_;
  std::unique_ptr<ServiceHost> host_;
  std::mutex mutex_;
  std::condition_variable stopped_;
  bool stop_ = false;
};

}  // namespace forewarn
