// The exploratory report of a labelled table (models.md, "report"): what the data is, before any model. Pure:
// a table and its plant in, one HTML page out.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "core/status.h"
#include "frame/frame.h"
#include "plant/plant.h"

namespace forewarn {

// table: the labelled table; label and regime columns may be missing (an unlabelled plant). ingest_report:
// the JSON that `ingest --report` wrote, or null.
Result<std::string> EdaReport(const Plant& plant, const Frame& table, const nlohmann::json& ingest_report);

}  // namespace forewarn
