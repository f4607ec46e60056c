// Scoring whole tables: `predict`, `explain` and `forecast --rolling` of a CSV. Feature columns are used as
// they stand; a plant table without them gets its features by the one feature code path (features.h). Rows
// keep the table's order; a cell of a result that cannot be given is null. Pure; any thread.
#pragma once

#include <string>
#include <vector>

#include "core/status.h"
#include "frame/table.h"
#include "scoring/engine.h"

namespace forewarn {

// Columns to append, one cell a table row, and what a person should know about where the inputs came from.
struct TableScores {
  std::vector<std::string> names;
  std::vector<std::vector<double>> columns;
  std::vector<std::string> notes;
};

// The columns of OutputColumns (reply_json.h). If the table has every input of the model, its cells are the
// inputs, empty ones missing values (NaN); else, if it is a plant table with times, the features are
// computed; else missing inputs are imputed as for a single request. NotFound if it has none of the model's
// inputs.
Result<TableScores> PredictTable(const ScoringEngine& engine, const ServedModel& model, const Table& table);

// base_value, shap_<input>…, output_value; inputs as PredictTable's. Unavailable if the model explains
// nothing.
Result<TableScores> ExplainTable(const ScoringEngine& engine, const ServedModel& model, const Table& table);

// probability, alarm of every row that ends a full window (in time order where the table has times, else in
// its own): every sensor's cell valid in the last `window` rows. Null elsewhere.
Result<TableScores> ForecastTable(const ScoringEngine& engine, const ServedModel& model, const Table& table);

// The newest rows of a table as a forecast request. A null cell makes it stale.
Result<ForecastRequest> ForecastRequestOf(const ServedModel& model, const Table& table);

// The table with the columns appended; columns of those names it had before are replaced.
Table AppendColumns(Table table, const TableScores& scores);

}  // namespace forewarn
