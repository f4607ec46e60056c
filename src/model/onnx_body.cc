#include "model/onnx_body.h"

#include <nlohmann/json.hpp>

namespace forewarn {
namespace {

using Json = nlohmann::ordered_json;

struct KindOfCalibration {
  Calibration::Kind kind;
  const char* name;
};
constexpr KindOfCalibration kCalibrations[] = {
    {Calibration::Kind::kIdentity, "identity"},
    {Calibration::Kind::kSigmoid, "sigmoid"},
    {Calibration::Kind::kIsotonic, "isotonic"},
    {Calibration::Kind::kLogistic, "logistic"},
};

Json Write(const Calibration& c) {
  Json json;
  for (const auto& known : kCalibrations) {
    if (known.kind == c.kind) json["kind"] = known.name;
  }
  if (c.kind == Calibration::Kind::kSigmoid) json["a"] = c.a, json["b"] = c.b;
  if (c.kind == Calibration::Kind::kIsotonic) json["x"] = c.x, json["y"] = c.y;
  return json;
}

Calibration ReadCalibration(const Json& json) {
  Calibration c;
  const auto kind = json.at("kind").get<std::string>();
  const auto* known = std::find_if(std::begin(kCalibrations), std::end(kCalibrations),
                                   [&](const auto& k) { return kind == k.name; });
  if (known == std::end(kCalibrations)) throw std::invalid_argument("unknown calibration");
  c.kind = known->kind;
  if (c.kind == Calibration::Kind::kSigmoid)
    c.a = json.at("a").get<double>(), c.b = json.at("b").get<double>();
  if (c.kind == Calibration::Kind::kIsotonic) {
    c.x = json.at("x").get<std::vector<double>>();
    c.y = json.at("y").get<std::vector<double>>();
  }
  return c;
}

struct Writer {
  Json operator()(const CalibratedTrees& m) const {
    Json folds = Json::array();
    for (const auto& fold : m.folds) folds.push_back(Write(fold.calibration));
    return {{"body", "calibrated_trees"}, {"log_odds", m.log_odds}, {"calibrations", folds}};
  }
  Json operator()(const LinearModel& m) const { return {{"body", "linear"}, {"logistic", m.logistic}}; }
  Json operator()(const MultinomialModel&) const { return {{"body", "multinomial"}}; }
  Json operator()(const IsolationForestModel& m) const {
    return {{"body", "isolation_forest"}, {"psi", m.psi}};
  }
  Json operator()(const PcaModel& m) const {
    return {{"body", "pca"},
            {"kept", m.kept},
            {"variance", m.variance},
            {"explained", m.explained},
            {"limits", {m.t2_limit95, m.t2_limit99, m.spe_limit95, m.spe_limit99}}};
  }
  Json operator()(const ForeignModel&) const { return {{"body", "foreign"}}; }
};

ModelBody ReadBody(const Json& json) {
  const auto body = json.at("body").get<std::string>();
  if (body == "calibrated_trees") {
    CalibratedTrees m;
    m.log_odds = json.at("log_odds").get<bool>();
    for (const Json& c : json.at("calibrations")) m.folds.push_back({{}, ReadCalibration(c)});
    return m;
  }
  if (body == "linear") {
    LinearModel m;
    m.logistic = json.at("logistic").get<bool>();
    return m;
  }
  if (body == "multinomial") return MultinomialModel{};
  if (body == "isolation_forest") {
    IsolationForestModel m;
    m.psi = json.at("psi").get<int>();
    return m;
  }
  if (body == "pca") {
    PcaModel m;
    m.kept = json.at("kept").get<int>();
    m.variance = json.at("variance").get<std::vector<double>>();
    m.explained = json.at("explained").get<std::vector<double>>();
    const auto limits = json.at("limits").get<std::vector<double>>();
    m.t2_limit95 = limits.at(0), m.t2_limit99 = limits.at(1);
    m.spe_limit95 = limits.at(2), m.spe_limit99 = limits.at(3);
    return m;
  }
  throw std::invalid_argument("unknown body");
}

// The JSON library and at() throw; nothing leaves this file but a Status.
template <typename T, typename Read>
Result<T> Guarded(std::string_view text, const Read& read) {
  try {
    return read(Json::parse(text));
  } catch (const std::exception&) {
    return Status::Invalid("the file's forewarn metadata is malformed");
  }
}

}  // namespace

std::string WriteBodyNotes(const ModelBody& body) {
  Json json{{"format", 1}};
  json.update(std::visit(Writer{}, body));
  return json.dump();
}

Result<ModelBody> ReadBodyNotes(std::string_view json) { return Guarded<ModelBody>(json, ReadBody); }

std::string WriteNames(const std::vector<std::string>& names) {
  return Json(names).dump(-1, ' ', false, Json::error_handler_t::replace);
}

Result<std::vector<std::string>> ReadNames(std::string_view json) {
  using Names = std::vector<std::string>;
  return Guarded<Names>(json, [](const Json& j) { return j.get<Names>(); });
}

}  // namespace forewarn
