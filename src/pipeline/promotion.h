// Promotion: which version becomes champion, and why (models.md, "Registry"). Auto-promotion scores
// challenger and incumbent on the same validation rows and takes the challenger only if it is better and has
// skill; every change is recorded with its reason. Decisions are made here, the registry only keeps them.
// Stateless; any thread.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "core/status.h"
#include "features/dataset.h"
#include "model/model.h"
#include "plant/plant.h"
#include "registry/registry.h"

namespace forewarn {

enum class PromotionMode { kManual, kAuto };
Result<PromotionMode> ParsePromotionMode(const std::string& text);  // "manual", "auto"

struct PromotionPolicy {
  PromotionMode mode = PromotionMode::kManual;
  // Of classifiers, isolation forest and forecasters; the regime's is f1_macro, the ridge's mae.
  std::string metric = "f1_anomaly";
  bool first_champion = false;  // a name without a champion gets one, in manual mode too (`up`)
};
// NotFound listing the metrics that can be compared.
Status CheckPromotionMetric(const std::string& metric);

struct PromotionDecision {
  std::string name;
  int incumbent = 0;   // 0: there was no champion
  int challenger = 0;  // 0: nothing to promote
  bool promoted = false;
  std::string reason;  // of either outcome
};

// fresh: (model name, version) just registered. One decision a name, sorted by name.
Result<std::vector<PromotionDecision>> PromoteByPolicy(Registry& registry, const Plant& plant,
                                                       const FeatureDataset& dataset,
                                                       const std::vector<std::pair<std::string, int>>& fresh,
                                                       const PromotionPolicy& policy);

// `models promote`: at a person's word, whatever the metrics say.
Result<PromotionDecision> PromoteByHand(Registry& registry, const std::string& name, int version,
                                        const std::string& reason);
// `models rollback`: back to the champion before the present one was promoted; again: one further back.
Result<PromotionDecision> RollBack(Registry& registry, const std::string& name);

// A model's metrics on the dataset's validation rows: those of models.md a kind of model has, at .5
// (isolation forest: its own threshold). Empty for a PCA. Invalid if the rows lack an input of the model.
Result<std::map<std::string, double>> ValidationMetrics(const Plant& plant, const FeatureDataset& dataset,
                                                        const Model& model);

}  // namespace forewarn
