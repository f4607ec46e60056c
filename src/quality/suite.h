// Validation suites: the JSON that Great Expectations 1.x saves, read and checked. What passes here can be
// run; a kind of expectation or an argument that is not known is an error that lists the known ones.
// Immutable after reading.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "core/plant_time.h"
#include "core/status.h"

namespace forewarn {

struct Expectation {
  std::string type;               // "expect_column_to_exist"
  nlohmann::ordered_json kwargs;  // its arguments, every one checked
  nlohmann::ordered_json config;  // type, kwargs, meta, id and severity as a result repeats them
};

struct Suite {
  std::string name;
  std::string gx_version;  // of the library that saved it; "" where not said
  std::vector<Expectation> expectations;
};

// A lower or upper bound: absent, a number, or a time. A date without a time of day is kept apart, since
// Great Expectations refuses to compare it with a time.
struct Bound {
  enum class Kind { kNone, kNumber, kDate, kTime };
  Kind kind = Kind::kNone;
  double number = 0;
  PlantTime time = 0;
};
// Null, a number (also as text) or an ISO date or time.
Result<Bound> ParseBound(const nlohmann::ordered_json& value);

Result<Suite> ParseSuite(std::string_view text, const std::string& file_name);
Result<Suite> LoadSuite(const std::filesystem::path& path);

std::vector<std::string> KnownExpectations();

}  // namespace forewarn
