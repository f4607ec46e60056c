// Expectations about each value of a column ("map" expectations). Internal to src/quality.
#pragma once

#include "quality/checks.h"
#include "quality/column_view.h"

namespace forewarn {

// expect_column_values_to_…; the kind must be one of suite.cc's.
CheckOutcome CheckColumnValues(const ColumnView& column, const Expectation& expectation);

}  // namespace forewarn
