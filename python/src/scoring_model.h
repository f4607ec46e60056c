// One version ready to answer for Python: what the command line opens for `predict` and its kin, from a
// registry or from a version's folder. Immutable; any thread.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "core/status.h"
#include "plant/plant.h"
#include "registry/registry.h"
#include "scoring/engine.h"

namespace forewarn::python {

struct ScoringOptions {
  std::optional<double> threshold;  // overrides the version's, for classifiers and forecasters
  double confidence = 0.95;         // whose limits a PCA's alarm uses
};

class ScoringModel {
 public:
  // ref: NAME, NAME@alias or NAME:version. The plant's PCA monitor is opened beside it, where there is one.
  static Result<std::shared_ptr<const ScoringModel>> FromRegistry(Registry& registry, const std::string& ref,
                                                                  std::shared_ptr<const Plant> plant,
                                                                  const ScoringOptions& options);
  // The files of a version's folder; name and version: what replies call the model.
  static Result<std::shared_ptr<const ScoringModel>> FromFiles(const FileSet& files, const std::string& name,
                                                               int version,
                                                               std::shared_ptr<const Plant> plant,
                                                               const ScoringOptions& options);

  const Plant& plant() const { return *plant_; }
  const ScoringEngine& engine() const { return *engine_; }
  const ServedModel& served() const { return *served_; }
  const std::string& name() const { return name_; }
  const FileSet& files() const { return files_; }
  const ScoringOptions& options() const { return options_; }

 private:
  ScoringModel() = default;

  std::shared_ptr<const Plant> plant_;
  std::unique_ptr<const ScoringEngine> engine_;
  ServedPtr served_;
  std::string name_;
  FileSet files_;
  ScoringOptions options_;
};

// Which plant a version's files were trained on.
Result<std::string> PlantOfFiles(const FileSet& files);

}  // namespace forewarn::python
