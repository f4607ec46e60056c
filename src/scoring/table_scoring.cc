#include "scoring/table_scoring.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <numeric>
#include <unordered_map>

#include "core/names.h"
#include "plant/columns.h"
#include "scoring/reply_json.h"

namespace forewarn {
namespace {

constexpr size_t kChunk = 1024;  // rows scored at once

using ColumnIndex = std::map<std::string, const TableColumn*>;

Result<ColumnIndex> IndexColumns(const Table& table) {
  ColumnIndex index;
  for (const TableColumn& column : table.columns) {
    const std::string name = ToLower(Trim(column.name));
    if (!index.emplace(name, &column).second) {
      return Status::Invalid(fmt::format("the table has two columns '{}'", name));
    }
  }
  return index;
}

double NumberOf(const std::string& text) {
  const std::string_view trimmed = Trim(text);
  double value = kNull;
  const auto [end, error] = std::from_chars(trimmed.data(), trimmed.data() + trimmed.size(), value);
  return error == std::errc() && end == trimmed.data() + trimmed.size() && std::isfinite(value) ? value
                                                                                                : kNull;
}

// A column's cells as numbers; text that is none becomes null, and is told.
std::vector<double> Numbers(const TableColumn& column, std::vector<std::string>* notes) {
  if (const auto* numbers = std::get_if<NumberColumn>(&column.data)) return numbers->values;
  std::vector<double> out(column.size(), kNull);
  size_t strange = column.size();
  if (const auto* texts = std::get_if<TextColumn>(&column.data)) {
    strange = 0;
    for (size_t r = 0; r < out.size(); ++r) {
      if (!texts->valid[r]) continue;
      out[r] = NumberOf(texts->values[r]);
      strange += IsValid(out[r]) ? 0 : 1;
    }
  }
  if (strange > 0)
    notes->push_back(
        fmt::format("column '{}': {} cells are no numbers, taken as empty", column.name, strange));
  return out;
}

const TimeColumn* TimesOf(const ColumnIndex& index) {
  const auto it = index.find(kTimeColumn);
  return it == index.end() ? nullptr : std::get_if<TimeColumn>(&it->second->data);
}

// Inputs of a model for every row of a table, column by column; valid[r] == 0: the row has none.
struct TableInputs {
  std::vector<std::vector<double>> columns;
  std::vector<char> valid;
  std::vector<std::string> notes;
};

// The plant table's features by the batch code, brought back to the table's rows by their times.
Result<TableInputs> ComputeInputs(const Plant& plant, const ServedModel& model, const Table& table,
                                  const TimeColumn& times) {
  ToFrameReport read;
  FW_ASSIGN_OR_RETURN(const Frame frame, ToFrame(table, kTimeColumn, &read));
  FW_ASSIGN_OR_RETURN(const Frame normalised, NormaliseForFeatures(plant, frame, nullptr));
  FW_ASSIGN_OR_RETURN(const Frame features, AddFeatures(plant, normalised));
  std::unordered_map<PlantTime, size_t> row_of;
  for (size_t r = 0; r < features.rows(); ++r) row_of[features.times()[r]] = r;
  TableInputs inputs;
  inputs.valid.assign(table.rows(), 1);
  std::vector<size_t> from(table.rows(), 0);
  for (size_t r = 0; r < table.rows(); ++r) {
    const auto it = row_of.find(times.values[r]);
    if (it == row_of.end()) {
      inputs.valid[r] = 0;
    } else {
      from[r] = it->second;
    }
  }
  for (const std::string& name : model.info().features) {
    FW_ASSIGN_OR_RETURN(const auto column, features.Column(ToLower(name)));
    std::vector<double> values(table.rows(), kNull);
    for (size_t r = 0; r < values.size(); ++r) {
      if (inputs.valid[r]) values[r] = column[from[r]];
    }
    inputs.columns.push_back(std::move(values));
  }
  inputs.notes.push_back("features computed from the plant table");
  if (read.unreadable_times > 0) {
    inputs.notes.push_back(
        fmt::format("{} rows without a readable time are not scored", read.unreadable_times));
  }
  return inputs;
}

// The columns the table has; missing inputs as for a single request, row by row.
Result<TableInputs> TakeInputs(const ServedModel& model, const Table& table, const ColumnIndex& index) {
  TableInputs inputs;
  std::vector<char> given;
  for (const std::string& name : model.info().features) {
    const auto it = index.find(ToLower(name));
    given.push_back(it != index.end());
    inputs.columns.push_back(it == index.end() ? std::vector<double>(table.rows(), kNull)
                                               : Numbers(*it->second, &inputs.notes));
  }
  inputs.valid.assign(table.rows(), 1);
  const auto known = static_cast<size_t>(std::count(given.begin(), given.end(), 1));
  if (known == given.size()) return inputs;
  if (known == 0) {
    return Status::NotFound(fmt::format("the table has none of the inputs of '{}'; they are {}",
                                        model.version().name, JoinNames(model.info().features)));
  }
  const TimeColumn* times = TimesOf(index);
  std::vector<size_t> imputed;
  std::vector<double> row(given.size());
  for (size_t r = 0; r < table.rows(); ++r) {
    for (size_t f = 0; f < row.size(); ++f) row[f] = inputs.columns[f][r];
    const bool timed = times != nullptr && times->values[r] != kNoTime;
    imputed.clear();
    model.Impute(row, given, timed ? std::optional<PlantTime>(times->values[r]) : std::nullopt, &imputed);
    for (const size_t f : imputed) inputs.columns[f][r] = row[f];
  }
  std::vector<std::string> names;
  for (size_t f = 0; f < given.size(); ++f) {
    if (!given[f]) names.push_back(model.info().features[f]);
  }
  inputs.notes.push_back("imputed: " + JoinNames(names));
  return inputs;
}

Result<TableInputs> InputsOf(const Plant& plant, const ServedModel& model, const Table& table) {
  FW_ASSIGN_OR_RETURN(const ColumnIndex index, IndexColumns(table));
  const std::vector<std::string>& features = model.info().features;
  const bool whole = std::all_of(features.begin(), features.end(),
                                 [&](const std::string& name) { return index.count(ToLower(name)) > 0; });
  if (!whole && model.info().kind == ModelKind::kForecaster) {
    return Status::Invalid(fmt::format(
        "'{}' is a forecaster and the table does not hold its {} window features; use forecast --rolling",
        model.version().name, features.size()));
  }
  const TimeColumn* times = TimesOf(index);
  if (!whole && times != nullptr) {
    Result<TableInputs> computed = ComputeInputs(plant, model, table, *times);
    if (computed.ok()) return computed;
  }
  return TakeInputs(model, table, index);
}

// Row r's inputs, row-major, for the rows [begin, end).
std::vector<double> Rows(const TableInputs& inputs, size_t begin, size_t end) {
  const size_t width = inputs.columns.size();
  std::vector<double> out((end - begin) * width);
  for (size_t f = 0; f < width; ++f) {
    for (size_t r = begin; r < end; ++r) out[(r - begin) * width + f] = inputs.columns[f][r];
  }
  return out;
}

// Table rows in time order, the last of equal times; without times, as they stand.
std::vector<size_t> TimeOrder(const Table& table, const TimeColumn* times) {
  std::vector<size_t> rows(table.rows());
  std::iota(rows.begin(), rows.end(), size_t{0});
  if (times == nullptr) return rows;
  std::erase_if(rows, [&](size_t r) { return times->values[r] == kNoTime; });
  std::stable_sort(rows.begin(), rows.end(),
                   [&](size_t a, size_t b) { return times->values[a] < times->values[b]; });
  std::vector<size_t> out;
  for (const size_t r : rows) {
    if (!out.empty() && times->values[out.back()] == times->values[r]) out.pop_back();
    out.push_back(r);
  }
  return out;
}

// The sensors' cells in time order: rows × sensors.
struct SensorRows {
  std::vector<size_t> order;  // table rows
  std::vector<double> cells;
};

Result<SensorRows> SensorsOf(const ServedModel& model, const Table& table, std::vector<std::string>* notes) {
  const ModelInfo& info = model.info();
  if (info.kind != ModelKind::kForecaster) {
    return Status::Invalid(fmt::format("'{}' is no forecaster; use predict", model.version().name));
  }
  FW_ASSIGN_OR_RETURN(const ColumnIndex index, IndexColumns(table));
  SensorRows out;
  out.order = TimeOrder(table, TimesOf(index));
  out.cells.resize(out.order.size() * info.sensors.size());
  for (size_t s = 0; s < info.sensors.size(); ++s) {
    const auto it = index.find(ToLower(info.sensors[s]));
    if (it == index.end()) {
      return Status::NotFound(fmt::format("column '{}' is missing; the table has: {}", info.sensors[s],
                                          JoinNames(table.Names())));
    }
    const std::vector<double> values = Numbers(*it->second, notes);
    for (size_t r = 0; r < out.order.size(); ++r)
      out.cells[r * info.sensors.size() + s] = values[out.order[r]];
  }
  return out;
}

}  // namespace

Result<TableScores> PredictTable(const ScoringEngine& engine, const ServedModel& model, const Table& table) {
  FW_ASSIGN_OR_RETURN(const TableInputs inputs, InputsOf(engine.plant(), model, table));
  TableScores scores;
  scores.names = OutputColumns(model);
  scores.columns.assign(scores.names.size(), std::vector<double>(table.rows(), kNull));
  scores.notes = inputs.notes;
  const size_t outputs = model.predictor().outputs();
  std::vector<double> out(kChunk * outputs);
  for (size_t begin = 0; begin < table.rows(); begin += kChunk) {
    const size_t end = std::min(begin + kChunk, table.rows());
    const std::vector<double> rows = Rows(inputs, begin, end);
    model.predictor().ScoreBatch(rows.data(), end - begin, out.data());
    for (size_t r = begin; r < end; ++r) {
      if (!inputs.valid[r]) continue;
      const auto first = out.begin() + static_cast<std::ptrdiff_t>((r - begin) * outputs);
      const std::vector<double> values =
          OutputValues(engine, model, {first, first + static_cast<std::ptrdiff_t>(outputs)});
      for (size_t c = 0; c < values.size(); ++c) scores.columns[c][r] = values[c];
    }
  }
  return scores;
}

Result<TableScores> ExplainTable(const ScoringEngine& engine, const ServedModel& model, const Table& table) {
  if (model.explainer() == nullptr) return Status::Unavailable(model.explain_problem());
  FW_ASSIGN_OR_RETURN(const TableInputs inputs, InputsOf(engine.plant(), model, table));
  TableScores scores;
  scores.notes = inputs.notes;
  scores.names.push_back("base_value");
  for (const std::string& name : model.info().features) scores.names.push_back("shap_" + name);
  scores.names.push_back("output_value");
  scores.columns.assign(scores.names.size(), std::vector<double>(table.rows(), kNull));
  const size_t width = model.features();
  std::vector<double> shap(kChunk * width);
  std::vector<double> output(kChunk);
  for (size_t begin = 0; begin < table.rows(); begin += kChunk) {
    const size_t end = std::min(begin + kChunk, table.rows());
    const std::vector<double> rows = Rows(inputs, begin, end);
    model.explainer()->ExplainBatch(rows.data(), end - begin, shap.data(), output.data());
    for (size_t r = begin; r < end; ++r) {
      if (!inputs.valid[r]) continue;
      scores.columns.front()[r] = model.explainer()->base_value();
      for (size_t f = 0; f < width; ++f) scores.columns[f + 1][r] = shap[(r - begin) * width + f];
      scores.columns.back()[r] = output[r - begin];
    }
  }
  return scores;
}

Result<TableScores> ForecastTable(const ScoringEngine& engine, const ServedModel& model, const Table& table) {
  TableScores scores;
  FW_ASSIGN_OR_RETURN(const SensorRows rows, SensorsOf(model, table, &scores.notes));
  scores.names = OutputColumns(model);
  scores.columns.assign(scores.names.size(), std::vector<double>(table.rows(), kNull));
  const size_t sensors = model.info().sensors.size();
  const auto window = static_cast<size_t>(model.info().window);
  std::vector<size_t> ends;  // places in the order at which a full window ends
  size_t full = 0;
  for (size_t r = 0; r < rows.order.size(); ++r) {
    const double* cells = rows.cells.data() + r * sensors;
    full = std::all_of(cells, cells + sensors, IsValid) ? full + 1 : 0;
    if (full >= window) ends.push_back(r);
  }
  std::vector<float> features(model.features());
  std::vector<double> inputs;
  std::vector<double> out(kChunk);
  for (size_t begin = 0; begin < ends.size(); begin += kChunk) {
    const size_t end = std::min(begin + kChunk, ends.size());
    inputs.clear();
    for (size_t i = begin; i < end; ++i) {
      WindowFeatures(rows.cells.data() + (ends[i] + 1 - window) * sensors, sensors, window, features.data());
      inputs.insert(inputs.end(), features.begin(), features.end());
    }
    model.predictor().ScoreBatch(inputs.data(), end - begin, out.data());
    for (size_t i = begin; i < end; ++i) {
      const size_t row = rows.order[ends[i]];
      scores.columns[0][row] = out[i - begin];
      scores.columns[1][row] = engine.AlarmOf(model, {out[i - begin]});
    }
  }
  return scores;
}

Result<ForecastRequest> ForecastRequestOf(const ServedModel& model, const Table& table) {
  std::vector<std::string> notes;
  FW_ASSIGN_OR_RETURN(const SensorRows rows, SensorsOf(model, table, &notes));
  const std::vector<std::string>& sensors = model.info().sensors;
  ForecastRequest request;
  for (size_t r = 0; r < rows.order.size(); ++r) {
    std::vector<NamedValue> row;
    for (size_t s = 0; s < sensors.size(); ++s) {
      row.push_back({sensors[s], rows.cells[r * sensors.size() + s], nullptr});
    }
    request.rows.push_back(std::move(row));
  }
  return request;
}

Table AppendColumns(Table table, const TableScores& scores) {
  std::erase_if(table.columns, [&](const TableColumn& column) {
    const std::string name = ToLower(Trim(column.name));
    return std::find(scores.names.begin(), scores.names.end(), name) != scores.names.end();
  });
  for (size_t c = 0; c < scores.names.size(); ++c) {
    table.columns.push_back({scores.names[c], NumberColumn{scores.columns[c], false}});
  }
  return table;
}

}  // namespace forewarn
