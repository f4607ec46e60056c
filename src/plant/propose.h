// Proposes a plant file from a table: what `forewarn plant new` prints. A draft for a person: names, bands
// and loops are read off the columns, meanings are left to fill in. Pure; the text always passes CheckPlant.
#pragma once

#include <string>
#include <vector>

#include "core/status.h"
#include "frame/frame.h"

namespace forewarn {

// What a column's cells say about the instrument behind it.
struct SensorVerdict {
  enum class Kind { kFine, kEmpty, kStuck, kSaturated };
  Kind kind = Kind::kFine;
  double value = 0;    // the value it is stuck at, or the end of scale
  std::string reason;  // for a person; "" where fine
};
SensorVerdict JudgeSensor(const std::vector<double>& cells);

struct PlantProposal {
  std::string toml;
  std::vector<std::string> tags;
  std::vector<std::string> controllers;                       // from <id>_pv with <id>_sp or <id>_op
  std::vector<std::pair<std::string, std::string>> doubtful;  // tag, why it is no sensor
  std::vector<std::string> derived;                           // columns the product makes itself
  std::vector<std::string> unusable;                          // columns whose name cannot be a tag's
};

// name: the plant's, made valid if need be; source: the file's name, for the comment at the top. Fails where
// the table has no column that can be a tag.
Result<PlantProposal> ProposePlant(const Frame& table, const std::string& name, const std::string& source);

}  // namespace forewarn
