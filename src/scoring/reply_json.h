// Replies as JSON text, one line: the bodies of http.md, "Inference", for the command line and HTTP alike.
// Numbers are the shortest that read back equal; a NaN is null. Pure; any thread.
#pragma once

#include <string>
#include <string_view>

#include "scoring/engine.h"

namespace forewarn {

// Classifiers: {"risk_score","alarm","threshold","status","model","imputed","ignored"}; other kinds have
// their own outputs in front, named as in a scored CSV (table_scoring.h).
std::string ToJson(const PredictReply& reply, const ScoringEngine& engine);
std::string ToJson(const ForecastReply& reply);
std::string ToJson(const ExplainReply& reply);
std::string ToJson(const ImportanceReply& reply);
std::string ToJson(const RecommendReply& reply);
// {"models":{name:{"status","version","aliases","skill","metrics","reason"}}}
std::string ModelsToJson(const std::vector<ModelState>& models);
// [{"pointer","detail"}]
std::string FaultsToJson(const std::vector<Fault>& faults);

// A JSON string with its quotes; bytes that are no UTF-8 become U+FFFD.
std::string JsonText(std::string_view text);

// The columns a kind of model appends to a table, and its values for one row.
std::vector<std::string> OutputColumns(const ServedModel& model);
std::vector<double> OutputValues(const ScoringEngine& engine, const ServedModel& model,
                                 const std::vector<double>& outputs);

}  // namespace forewarn
