// SimulatedPlant: the simulated plant (src/sim) as a live source, on its own thread and clock. It is ready at
// once, with past hours in its buffer, and keeps its place in the data folder: what it is about to publish is
// written before it is published, so that after kill -9 the plant goes on and plant time never repeats.
// Everything comes from the plant file, the seed and the activations, whatever the speed.
//
// Within an hour the readings appear in scans at fixed plant times (11 of them, every five plant minutes);
// the hour's end closes its bin. Event ids are those times.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "live/plant_pace.h"
#include "live/sensor_source.h"

namespace forewarn {

struct SimulatedPlantOptions {
  uint64_t seed = 42;  // of a new plant; one that is kept goes on with its own
  double seconds_per_hour = 2;
  // Hours simulated before the live plant begins, on its first start: what the first models are trained on
  // (SimulateOptions{.hours = past_hours, .seed = seed} gives them as a table). At least kPastHours.
  int64_t past_hours = 180 * 24;
  std::filesystem::path folder;  // where the state is kept, made if need be; empty: it is not kept
};

class SimulatedPlant final : public SensorSource {
 public:
  // Invalid, in words, for a plant that cannot be simulated. A state file that is damaged or of another plant
  // file is set aside and told in notice(); the plant then starts anew after the last plant time the file
  // tells.
  static Result<std::unique_ptr<SimulatedPlant>> Open(const Plant& plant,
                                                      const SimulatedPlantOptions& options,
                                                      std::unique_ptr<PlantPace> pace = MakeWallPace());
  ~SimulatedPlant() override;

  void Start();  // the clock runs from here
  void Stop();   // waits for the thread; also done by the destructor
  // One step of the clock, to the next scan or the end of the hour, on the caller's thread; for tests and
  // studies, instead of Start. Fails where the state cannot be written: the plant then stands still, and the
  // next step tries again.
  Status Step();

  const std::string& notice() const;  // "" or a sentence for the log
  uint64_t seed() const;
  // Hours before the live plant's first one: with the seed, SimulateOptions of the history that ends there.
  int64_t past_hours() const;

  bool local() const override { return true; }
  Result<LiveReading> Live() override;
  Result<std::vector<ReadingPtr>> History(size_t n) override;
  Result<std::vector<SensorMeta>> Meta() override;
  Result<ScenarioList> Scenarios() override;
  Result<ScenarioInfo> Activate(std::string_view name) override;
  std::unique_ptr<Subscription> Subscribe(Listener listener) override;

  struct Impl;

 private:
  explicit SimulatedPlant(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace forewarn
