#include "pipeline/promotion.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "core/names.h"
#include "registry/artifact.h"
#include "train/verdict.h"

namespace forewarn {
namespace {

// Metrics a policy may name, and whether more is better.
const std::vector<std::pair<std::string, bool>>& Comparable() {
  static const std::vector<std::pair<std::string, bool>> kMetrics = {
      {"f1_anomaly", true},      {"precision_anomaly", true}, {"recall_anomaly", true},
      {"roc_auc_anomaly", true}, {"average_precision", true}, {"brier_score", false},
  };
  return kMetrics;
}

struct Figure {
  std::string metric;
  double value = kNull;
  bool higher_is_better = true;
  std::string problem;  // why there is no value
  bool Valid() const { return IsValid(value); }
  bool BetterThan(const Figure& other) const {
    if (!Valid() || !other.Valid()) return Valid();
    return higher_is_better ? value > other.value : value < other.value;
  }
};

Figure MetricOf(const PromotionPolicy& policy, ModelKind kind) {
  if (kind == ModelKind::kRegime) return {"f1_macro", kNull, true, ""};
  if (kind == ModelKind::kDeviation) return {"mae", kNull, false, ""};
  if (kind == ModelKind::kIsolationForest && policy.metric == "brier_score") {
    return {"f1_anomaly", kNull, true, ""};  // its score is no probability
  }
  for (const auto& [name, higher] : Comparable()) {
    if (name == policy.metric) return {name, kNull, higher, ""};
  }
  return {"f1_anomaly", kNull, true, ""};
}

struct Contender {
  ModelVersion version;
  ModelKind kind = ModelKind::kClassifier;
  Figure figure;
  std::string Text() const {
    if (!figure.Valid()) return fmt::format("version {}: {}", version.version, figure.problem);
    return fmt::format("version {} ({}): {} {:.4f}, {}", version.version, version.run_name, figure.metric,
                       figure.value, version.Skill());
  }
};

// Scores a version on the validation rows; what goes wrong is kept as the reason why it has no figure.
Contender Judge(Registry& registry, const Plant& plant, const FeatureDataset& dataset,
                const PromotionPolicy& policy, const ModelVersion& version) {
  Contender contender{version, ModelKind::kClassifier, {}};
  const Result<Model> model = LoadVersion(registry, version);
  if (!model.ok()) {
    contender.figure.problem = model.message();
    return contender;
  }
  contender.kind = model->info.kind;
  contender.figure = MetricOf(policy, contender.kind);
  if (contender.kind == ModelKind::kPca) return contender;
  const auto metrics = ValidationMetrics(plant, dataset, *model);
  if (!metrics.ok()) {
    contender.figure.problem = metrics.message();
  } else if (const auto it = metrics->find(contender.figure.metric); it != metrics->end()) {
    contender.figure.value = it->second;
  }
  if (!contender.figure.Valid() && contender.figure.problem.empty()) {
    contender.figure.problem = fmt::format("{} is undefined on these rows", contender.figure.metric);
  }
  return contender;
}

struct Field {  // everything a decision on one name looks at
  std::string name;
  std::optional<ModelVersion> incumbent;
  std::vector<ModelVersion> fresh;
};

const Contender* Best(const std::vector<Contender>& contenders, bool with_skill) {
  const Contender* best = nullptr;
  for (const Contender& each : contenders) {
    if (with_skill && each.version.Skill() != kSkill) continue;
    if (best == nullptr || each.figure.BetterThan(best->figure)) best = &each;
  }
  return best;
}

PromotionDecision Take(PromotionDecision decision, const Contender& winner, std::string reason) {
  decision.challenger = winner.version.version;
  decision.promoted = true;
  decision.reason = std::move(reason);
  return decision;
}

PromotionDecision DecideFirst(PromotionDecision decision, const std::vector<Contender>& contenders,
                              const std::string& rows) {
  const Contender* best = Best(contenders, false);
  return Take(std::move(decision), *best,
              fmt::format("first champion, the best of {} on {}: {}", contenders.size(), rows, best->Text()));
}

PromotionDecision DecideAgainst(PromotionDecision decision, const std::vector<Contender>& contenders,
                                const Contender& incumbent, const std::string& rows) {
  const Contender* best = Best(contenders, true);
  if (best == nullptr) {
    best = Best(contenders, false);
    decision.challenger = best->version.version;
    decision.reason = fmt::format("no challenger has skill; the best is {}", best->Text());
    return decision;
  }
  const std::string compared = fmt::format("on {}: {}, against {}", rows, best->Text(), incumbent.Text());
  if (best->figure.BetterThan(incumbent.figure))
    return Take(std::move(decision), *best, "better " + compared);
  decision.challenger = best->version.version;
  decision.reason = "not better " + compared;
  return decision;
}

PromotionDecision Decide(Registry& registry, const Plant& plant, const FeatureDataset& dataset,
                         const PromotionPolicy& policy, const Field& field) {
  PromotionDecision decision{field.name, field.incumbent ? field.incumbent->version : 0, 0, false, ""};
  const bool first = !field.incumbent && (policy.mode == PromotionMode::kAuto || policy.first_champion);
  if (!first && policy.mode == PromotionMode::kManual) {
    decision.reason = "promotion is manual";
    return decision;
  }
  std::vector<Contender> contenders;
  for (const ModelVersion& v : field.fresh) contenders.push_back(Judge(registry, plant, dataset, policy, v));
  const std::string rows = fmt::format("{} validation rows", dataset.valid.rows());
  if (contenders.front().kind == ModelKind::kPca) {
    // A monitor has no metric to compare: the newest normal data counts.
    if (field.incumbent && field.incumbent->digest == contenders.back().version.digest) {
      decision.reason = "the monitor is the same";
      return decision;
    }
    return Take(std::move(decision), contenders.back(), "a new monitor");
  }
  if (first) return DecideFirst(std::move(decision), contenders, rows);
  return DecideAgainst(std::move(decision), contenders,
                       Judge(registry, plant, dataset, policy, *field.incumbent), rows);
}

Result<std::vector<ModelVersion>> VersionsOf(Registry& registry, const std::string& name) {
  FW_ASSIGN_OR_RETURN(std::vector<ModelVersion> versions, registry.Versions(name));
  if (versions.empty()) return Status::NotFound(fmt::format("model '{}' has no version yet", name));
  return versions;
}

int ChampionIn(const std::vector<ModelVersion>& versions) {
  for (const ModelVersion& v : versions) {
    if (v.Has(kChampionAlias)) return v.version;
  }
  return 0;
}

}  // namespace

Result<PromotionMode> ParsePromotionMode(const std::string& text) {
  if (text == "manual") return PromotionMode::kManual;
  if (text == "auto") return PromotionMode::kAuto;
  return Status::Invalid(UnknownName("promotion mode", text, {"manual", "auto"}));
}

Status CheckPromotionMetric(const std::string& metric) {
  std::vector<std::string> known;
  for (const auto& [name, higher] : Comparable()) known.push_back(name);
  if (std::find(known.begin(), known.end(), metric) != known.end()) return Status::Ok();
  return Status::NotFound(UnknownName("promotion metric", metric, known));
}

Result<std::vector<PromotionDecision>> PromoteByPolicy(Registry& registry, const Plant& plant,
                                                       const FeatureDataset& dataset,
                                                       const std::vector<std::pair<std::string, int>>& fresh,
                                                       const PromotionPolicy& policy) {
  FW_RETURN_IF_ERROR(CheckPromotionMetric(policy.metric));
  std::map<std::string, Field> fields;
  for (const auto& [name, number] : fresh) {
    Field& field = fields[name];
    field.name = name;
    FW_ASSIGN_OR_RETURN(ModelVersion version, registry.Find(ModelRef{name, "", number}));
    field.fresh.push_back(std::move(version));
  }
  std::vector<PromotionDecision> decisions;
  for (auto& [name, field] : fields) {
    FW_ASSIGN_OR_RETURN(const std::vector<ModelVersion> versions, registry.Versions(name));
    for (const ModelVersion& v : versions) {
      if (v.Has(kChampionAlias)) field.incumbent = v;
    }
    PromotionDecision decision = Decide(registry, plant, dataset, policy, field);
    if (decision.promoted) {
      const char* mode = decision.incumbent == 0 ? "first" : "auto";
      FW_RETURN_IF_ERROR(
          registry.Promote({name, decision.incumbent, decision.challenger, mode, decision.reason, 0}));
    }
    decisions.push_back(std::move(decision));
  }
  return decisions;
}

Result<PromotionDecision> PromoteByHand(Registry& registry, const std::string& name, int version,
                                        const std::string& reason) {
  FW_ASSIGN_OR_RETURN(const std::vector<ModelVersion> versions, VersionsOf(registry, name));
  FW_ASSIGN_OR_RETURN(const ModelVersion wanted, registry.Find(ModelRef{name, "", version}));
  FW_RETURN_IF_ERROR(LoadVersion(registry, wanted).status());  // a version that does not load is no champion
  PromotionDecision decision{name, ChampionIn(versions), version, false, reason};
  if (decision.incumbent == version) {
    decision.reason = "it is the champion already";
    return decision;
  }
  FW_RETURN_IF_ERROR(registry.Promote({name, decision.incumbent, version, "manual", reason, 0}));
  decision.promoted = true;
  return decision;
}

Result<PromotionDecision> RollBack(Registry& registry, const std::string& name) {
  FW_ASSIGN_OR_RETURN(const std::vector<ModelVersion> versions, VersionsOf(registry, name));
  FW_ASSIGN_OR_RETURN(const std::vector<PromotionEvent> events, registry.Promotions(name));
  const int champion = ChampionIn(versions);
  if (champion == 0)
    return Status::NotFound(fmt::format("model '{}' has no champion to roll back from", name));
  int before = 0;
  for (const PromotionEvent& event : events) {
    if (event.to == champion && event.mode != "rollback") before = event.from;
  }
  if (before == 0) {
    return Status::NotFound(
        fmt::format("version {} is the first champion of '{}'; there is none before it", champion, name));
  }
  FW_ASSIGN_OR_RETURN(const ModelVersion earlier, registry.Find(ModelRef{name, "", before}));
  FW_RETURN_IF_ERROR(LoadVersion(registry, earlier).status());
  const std::string reason = fmt::format("rolled back from version {}", champion);
  FW_RETURN_IF_ERROR(registry.Promote({name, champion, before, "rollback", reason, 0}));
  return PromotionDecision{name, champion, before, true, reason};
}

}  // namespace forewarn
