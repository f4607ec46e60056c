// The validation gate: a table against a suite, with the verdicts, counts and JSON of Great Expectations 1.x
// on pandas. Where that library raises (a missing column, a bound of another type) the expectation fails and
// says why. Pure; safe from any thread.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "frame/table.h"
#include "quality/suite.h"

namespace forewarn {

struct ExpectationVerdict {
  bool success = false;
  std::string what;     // "expect_column_values_to_be_unique timestamp"
  std::string finding;  // for a person: "2 of 673 rows (0.3 %), first: row 4 (…)"; "" where it holds
};

struct ValidationResult {
  bool success = true;
  std::vector<ExpectationVerdict> verdicts;  // in the suite's order
  nlohmann::ordered_json json;               // Great Expectations' validation result
  std::string Summary() const;               // one line
};

// batch_id: what was validated, a file's name.
ValidationResult ValidateTable(const Table& table, const Suite& suite, const std::string& batch_id);

}  // namespace forewarn
