// The validation gate as a step: the plant file's suite against a table, before features are made of it.
// `validate` shows the result; `etl`, `run` and `watch` stop where it fails (exit code 3). Reads the suite's
// file.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "core/status.h"
#include "frame/table.h"
#include "plant/plant.h"
#include "quality/validate.h"

namespace forewarn {

// suite: a file; empty means the plant's. Nothing where neither is given. batch_id: what is validated, a
// file's name.
Result<std::optional<ValidationResult>> RunGate(const Plant& plant, const std::filesystem::path& suite,
                                                const Table& table, const std::string& batch_id);
// Gate, naming what was expected and found, where the result is a failure; Ok where there was no suite.
Status GateStatus(const std::optional<ValidationResult>& result, const std::string& batch_id);

}  // namespace forewarn
