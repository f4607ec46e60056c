// Replies of a Scorer as plain structs, for the monitor and the gateway: what comes back from the inference
// service, in process or from another machine, is parsed strictly and never trusted. Pure; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/status.h"
#include "scoring/engine.h"

namespace forewarn {

struct ModelTag {
  std::string name;
  int version = 0;
  std::string skill;
};

struct ForecastAnswer {
  double probability = 0;
  double threshold = 0.5;
  bool alarm = false;
  double horizon_hours = 0;
  InputStatus status = InputStatus::kOk;
  ModelTag model;
};
Result<ForecastAnswer> ParseForecastReply(std::string_view body);

struct PredictAnswer {
  double risk_score = 0;
  double threshold = 0.5;
  bool alarm = false;
  InputStatus status = InputStatus::kOk;
  ModelTag model;
};
Result<PredictAnswer> ParsePredictReply(std::string_view body);

struct ExplainAnswer {
  std::vector<Driver> drivers;  // by |shap_value|, largest first
  double base_value = 0;
  double output_value = 0;
  std::string output;  // "log-odds", …
  std::string method;  // "unavailable": no drivers, see reason
  std::string reason;
  ModelTag model;
};
Result<ExplainAnswer> ParseExplainReply(std::string_view body);

}  // namespace forewarn
