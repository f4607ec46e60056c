// Classes of models and registries as the bindings hold them.
#pragma once

#include <nanobind/stl/map.h>

#include <memory>

#include "handles.h"
#include "registry/registry.h"
#include "scoring/table_scoring.h"
#include "scoring_model.h"
#include "trees.h"

namespace forewarn::python {

struct ModelHandle {
  std::shared_ptr<const ScoringModel> model;
  PlantHandle plant;
};

struct RegistryHandle {
  std::shared_ptr<Registry> registry;
};

struct TreesHandle {
  std::shared_ptr<const BoostedTrees> trees;
};

struct CalibrationHandle {
  Calibration calibration;
};

struct ScoresHandle {
  std::shared_ptr<const TableScores> scores;
};

ModelHandle MakeModelHandle(Result<std::shared_ptr<const ScoringModel>> model, const PlantHandle& plant);
// The plant a version names, by its name among the known ones.
PlantHandle PlantNamed(const std::string& name);

}  // namespace forewarn::python
