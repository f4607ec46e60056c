// Scorer: the inference service as its callers see it, at the level of http.md's JSON bodies. In process it
// answers from a ScoringEngine (MakeEngineScorer); the API implements it over HTTP. Safe from any thread.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/plant_time.h"
#include "core/status.h"
#include "scoring/engine.h"

namespace forewarn {

class Scorer {
 public:
  virtual ~Scorer() = default;

  // True: answers take microseconds and may be made on an I/O thread. False: they may block on the network.
  virtual bool local() const = 0;

  // Body in, reply's body out. Failures: Invalid without faults is not JSON (400), with faults the wrong
  // shape or value (422); Unavailable: no model, or the service is away (503, 502). faults must not be null.
  virtual Result<std::string> Predict(std::string_view body, std::vector<Fault>* faults) = 0;
  virtual Result<std::string> Forecast(std::string_view body, std::vector<Fault>* faults) = 0;
  virtual Result<std::string> Explain(std::string_view body, std::vector<Fault>* faults) = 0;
  virtual Result<std::string> Recommend(std::string_view body, std::vector<Fault>* faults) = 0;
  virtual Result<std::string> GlobalImportance() = 0;
  virtual Result<std::string> Models() = 0;
  // Predict by another served model than the champion ("plant_alarm_lr_soft_alarm"): the blend's parts.
  virtual Result<std::string> PredictBy(const std::string& model, std::string_view body,
                                        std::vector<Fault>* faults) = 0;
};

// engine must outlive the scorer. plant_clock: fills missing time features of predict and explain; may be
// empty.
std::unique_ptr<Scorer> MakeEngineScorer(const ScoringEngine* engine,
                                         std::function<std::optional<PlantTime>()> plant_clock = {});

}  // namespace forewarn
