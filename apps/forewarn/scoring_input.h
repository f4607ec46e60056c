// What predict, forecast, explain and recommend share: input of any kind (JSON object, JSON lines, table),
// the engine over the registry, and output of the same kind. Output is complete before its first byte is
// written.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "context.h"
#include "core/status.h"
#include "frame/table.h"
#include "registry/registry.h"
#include "scoring/engine.h"
#include "scoring/table_scoring.h"

namespace forewarn {

struct ScoringInput {
  enum class Kind { kJson, kJsonLines, kTable };
  Kind kind = Kind::kJson;
  std::vector<std::string> bodies;  // JSON: one; JSON lines: one a line
  std::vector<size_t> lines;        // 1-based line of each body
  Table table;
  std::string name;  // for messages
};

// file: a path, "-" or "" for standard input.
Result<ScoringInput> ReadScoringInput(const std::string& file, const Plant& plant);

// An engine with one model: ref is NAME[@alias|:version], "" the plant's champion (MODEL_NAME). Fails where
// it cannot be loaded.
struct OpenedModel {
  std::unique_ptr<ScoringEngine> engine;
  ServedPtr model;
  std::string name;
};
Result<OpenedModel> OpenModel(const Context& context, const Plant& plant, const std::string& ref,
                              double confidence = 0.95);

// answer(body) for the one object or for each line; a failure names the line.
Status AnswerBodies(const ScoringInput& input,
                    const std::function<Result<std::string>(const std::string& body)>& answer);

// The table with its new columns as CSV; under --json one list of objects with the new columns alone.
Status EmitTable(const Context& context, Table table, const TableScores& scores);

// The table with text columns appended, as CSV.
std::string TextTable(Table table, const std::vector<std::pair<std::string, TextColumn>>& columns);

Status WriteStdout(const std::string& text);

}  // namespace forewarn
