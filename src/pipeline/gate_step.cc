#include "pipeline/gate_step.h"

namespace forewarn {

Result<std::optional<ValidationResult>> RunGate(const Plant& plant, const std::filesystem::path& suite,
                                                const Table& table, const std::string& batch_id) {
  const std::filesystem::path& path = suite.empty() ? plant.suite : suite;
  if (path.empty()) return std::optional<ValidationResult>();
  FW_ASSIGN_OR_RETURN(const Suite loaded, LoadSuite(path));
  return std::optional<ValidationResult>(ValidateTable(table, loaded, batch_id));
}

Status GateStatus(const std::optional<ValidationResult>& result, const std::string& batch_id) {
  if (!result || result->success) return Status::Ok();
  return Status::Gate("'" + batch_id + "' failed validation: " + result->Summary());
}

}  // namespace forewarn
