// Choosing a forecaster, for forecast and explain.
#pragma once

#include <optional>
#include <string>

#include "scoring_input.h"

namespace forewarn {

// horizon: --horizon ("" = not given: the input's, else the shortest); hours: what the input itself says;
// ref:
// --model ("" = the horizon's champion). NotFound lists the horizons.
Result<OpenedModel> OpenForecaster(const Context& context, const Plant& plant, const std::string& ref,
                                   const std::string& horizon, std::optional<double> hours);

}  // namespace forewarn
