// What of an inference request is kept in the history, cut from a body the scorer has accepted. Nothing is
// trusted: a body that is not as expected gives nothing. Pure; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace forewarn {

struct PredictInput {
  std::string features;                     // the object, as JSON text without spaces
  std::optional<double> failure_frequency;  // of the plant's history sum, where given
};
std::optional<PredictInput> ReadPredictInput(std::string_view body, const std::string& history_sum);

struct ForecastInput {
  size_t rows = 0;     // sent
  std::string window;  // the newest `keep` of them: a list, as JSON text
};
std::optional<ForecastInput> ReadForecastInput(std::string_view body, size_t keep);

}  // namespace forewarn
