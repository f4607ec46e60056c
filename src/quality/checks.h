// The expectations themselves, one function a kind. Internal to src/quality.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "frame/table.h"
#include "quality/suite.h"

namespace forewarn {

// What one expectation found. raised: it could not be judged; success is false then and result empty.
struct CheckOutcome {
  bool success = false;
  nlohmann::ordered_json result = nlohmann::ordered_json::object();
  std::string raised;  // why it could not be judged
  std::string metric;  // the metric Great Expectations names in that case
};

CheckOutcome CheckExpectation(const Table& table, const Expectation& expectation);

}  // namespace forewarn
