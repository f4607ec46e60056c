// HourForecaster: asks the scorer what it makes of the hour that has just closed: one forecast a horizon with
// its drivers, the horizons pooled, the soft blend. Belongs to one thread; the scorer may block.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "live/hour_rows.h"
#include "live/scorer.h"
#include "live/warning.h"
#include "plant/plant.h"

namespace forewarn {

class HourForecaster {
 public:
  HourForecaster(const Plant& plant, Scorer* scorer);

  // Fills the hour's forecasts, status, reason, index and blend.
  void Assess(const HourRows& rows, HourRisk* risk);

  // The smoothed blend so far.
  std::optional<double> blend() const { return blend_; }
  void RestoreBlend(std::optional<double> blend) { blend_ = blend; }

 private:
  struct KnownThreshold {
    int version = 0;
    double threshold = 0;
  };
  Result<HorizonForecast> Forecast(size_t horizon, const HourRows& rows);
  double WarningThreshold(const ForecastAnswer& answer);
  void ReadThresholds();
  void AssessBlend(const HourRows& rows, HourRisk* risk);
  Result<double> RiskBy(const char* suffix, const std::string& body);

  const Plant plant_;
  Scorer& scorer_;
  const std::vector<std::string> sensors_;
  std::map<std::string, KnownThreshold> thresholds_;  // by model name
  std::optional<double> blend_;
};

// The horizon a warning is told by: the shortest that is more likely than not to see an alarm, else the
// longest. forecasts must not be empty; shortest first.
const HorizonForecast& LeadingHorizon(const std::vector<HorizonForecast>& forecasts);

}  // namespace forewarn
