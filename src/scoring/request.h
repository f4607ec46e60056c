// Requests as text → plain structs: the bodies of predict, explain, forecast and recommend (http.md,
// "Inference"), the same for the command line and HTTP. Strict: a text or a truth value is no number, NaN is
// no JSON, a key given twice (in any case) is a fault. Which names matter is the model's business (engine.h):
// a value that is no number is carried as such and becomes a fault only where a model wants it. Nothing is
// trusted; any thread.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/fault.h"
#include "core/plant_time.h"
#include "core/status.h"

namespace forewarn {

// Inputs beyond ± this are no measurement of anything, and are refused.
inline constexpr double kLargestInput = 1e12;

struct NamedValue {
  std::string name;               // as written
  double value = 0;               // of a number
  const char* problem = nullptr;  // else what it is instead: "a text", "null", …
};

// Parse failures: kInvalid without faults is not JSON at all (400), with faults the wrong shape (422); the
// message is the first fault's.
struct PredictRequest {
  std::vector<NamedValue> features;
  std::vector<std::string> ignored;     // keys beside "features"
  std::string base = "/features";       // pointer of the object that held them; "" for a flat object
  std::optional<PlantTime> plant_time;  // fills missing time features; not part of the text
};
Result<PredictRequest> ParsePredict(std::string_view body, std::vector<Fault>* faults);

// {"rows":[{feature: number}…]}, 1 to kMaxBatchRows of them.
inline constexpr size_t kMaxBatchRows = 10000;
Result<std::vector<PredictRequest>> ParseBatch(std::string_view body, std::vector<Fault>* faults);

struct ForecastRequest {
  std::optional<double> horizon;              // "/horizon" as given
  std::vector<std::string> ignored;           // keys beside horizon and recent_observations
  std::vector<std::vector<NamedValue>> rows;  // oldest first
  bool stale = false;                         // the caller knows the inputs to be stale or Bad
};
// A bare array of rows is accepted too.
Result<ForecastRequest> ParseForecast(std::string_view body, std::vector<Fault>* faults);

struct RecommendRequest {
  double failure_frequency = 0;
  double risk_score = 0;
  std::vector<std::string> ignored;
};
// failure_name: the plant's history sum ("failure_frequency_48").
Result<RecommendRequest> ParseRecommend(std::string_view body, const std::string& failure_name,
                                        std::vector<Fault>* faults);

// True if the body is an object with "recent_observations": explain then means a forecast.
bool IsForecastBody(std::string_view body);

}  // namespace forewarn
