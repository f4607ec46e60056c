// ServedModel: one registered version made ready to answer: the model, its predictor, its explainer, and the
// look-up from names to inputs. Built once when a version is taken up, immutable afterwards: any thread, no
// locks.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "features/features.h"
#include "model/explainer.h"
#include "model/model.h"
#include "model/predictor.h"
#include "plant/plant.h"
#include "registry/registry.h"
#include "scoring/request.h"

namespace forewarn {

class ServedModel {
 public:
  // Loads and checks the version's files. plant: for the defaults of missing features.
  static Result<std::shared_ptr<const ServedModel>> Load(Registry& registry, const ModelVersion& version,
                                                         const Plant& plant);
  static Result<std::shared_ptr<const ServedModel>> Make(Model model, ModelVersion version,
                                                         const Plant& plant);

  const ModelVersion& version() const { return version_; }
  const Model& model() const { return model_; }
  const ModelInfo& info() const { return model_.info; }
  const Predictor& predictor() const { return predictor_; }
  // Null where there is none; explain_problem() then says why.
  const Explainer* explainer() const { return explainer_ ? &*explainer_ : nullptr; }
  const std::string& explain_problem() const { return explain_problem_; }
  size_t features() const { return model_.info.features.size(); }

  // Index of an input by its name in any case; −1 if there is none. hint: where it probably is (requests
  // mostly come in the model's order), which spares the look-up.
  int IndexOf(std::string_view name, size_t hint = 0) const;
  // The same of a forecaster's sensors.
  int SensorIndexOf(std::string_view name, size_t hint = 0) const;
  // Of a forecaster: the sensor each input belongs to (explainer.h, SensorOfFeatures).
  const std::vector<size_t>& groups() const { return groups_; }

  // Fills the inputs for which given[i] == 0: a rolling mean from its column, rolling deviations and deltas
  // 0, time features from plant_time where given, the rest training medians (null where the
  // model holds none). Adds the filled inputs' indices.
  void Impute(std::span<double> row, std::span<const char> given, std::optional<PlantTime> plant_time,
              std::vector<size_t>* imputed) const;

 private:
  ServedModel(Model model, ModelVersion version, Predictor predictor)
      : model_(std::move(model)), version_(std::move(version)), predictor_(std::move(predictor)) {}

  struct Default {
    int from = -1;     // another input
    double value = 0;  // where from < 0
    int clock = 0;     // 1: hour of the day, 2: day of the week
  };
  Status BuildLookups(const Plant& plant);

  Model model_;
  ModelVersion version_;
  Predictor predictor_;
  std::optional<Explainer> explainer_;
  std::string explain_problem_;
  std::unordered_map<std::string, int> index_;
  std::unordered_map<std::string, int> sensors_;
  std::vector<size_t> groups_;
  std::vector<Default> defaults_;
};

}  // namespace forewarn
