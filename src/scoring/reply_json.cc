#include "scoring/reply_json.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

namespace forewarn {
namespace {

std::string Number(double value) { return std::isfinite(value) ? fmt::format("{}", value) : "null"; }

std::string TextList(const std::vector<std::string>& texts) {
  std::string out = "[";
  for (const std::string& text : texts) {
    if (out.size() > 1) out += ',';
    out += JsonText(text);
  }
  return out + "]";
}

std::string ModelObject(const ServedPtr& model) {
  if (model == nullptr) return "null";
  return fmt::format(R"({{"name":{},"version":{},"skill":{}}})", JsonText(model->version().name),
                     model->version().version, JsonText(model->info().skill));
}

bool IsPlain(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return c >= 0x20 && c < 0x7f && c != '"' && c != '\\'; });
}

}  // namespace

std::string JsonText(std::string_view text) {
  if (IsPlain(text)) return fmt::format("\"{}\"", text);
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::vector<std::string> OutputColumns(const ServedModel& model) {
  switch (model.info().kind) {
    case ModelKind::kClassifier:
      return {"risk_score", "alarm"};
    case ModelKind::kIsolationForest:
      return {"anomaly_score", "alarm"};
    case ModelKind::kRegime:
      return {"regime", "p_normal", "p_transition", "p_alarm"};
    case ModelKind::kDeviation:
      return {"deviation_next"};
    case ModelKind::kPca:
      return {"t2", "spe", "t2_limit", "spe_limit", "alarm"};
    case ModelKind::kForecaster:
      return {"probability", "alarm"};
  }
  return {};
}

std::vector<double> OutputValues(const ScoringEngine& engine, const ServedModel& model,
                                 const std::vector<double>& outputs) {
  const bool valid = std::all_of(outputs.begin(), outputs.end(), [](double v) { return std::isfinite(v); });
  const double alarm = valid ? engine.AlarmOf(model, outputs) : kNull;
  switch (model.info().kind) {
    case ModelKind::kRegime: {
      std::vector<double> values = {kNull};
      if (valid)
        values[0] = static_cast<double>(std::max_element(outputs.begin(), outputs.end()) - outputs.begin());
      for (size_t k = 0; k < 3; ++k) values.push_back(k < outputs.size() ? outputs[k] : kNull);
      return values;
    }
    case ModelKind::kDeviation:
      return {outputs[0]};
    case ModelKind::kPca: {
      const ScoringEngine::Limits limits = engine.LimitsOf(model);
      return {outputs[0], outputs.size() > 1 ? outputs[1] : kNull, limits.t2, limits.spe, alarm};
    }
    default:
      return {outputs[0], alarm};
  }
}

std::string ToJson(const PredictReply& reply, const ScoringEngine& engine) {
  const ServedModel& model = *reply.model;
  std::string out = "{";
  if (model.info().kind == ModelKind::kClassifier) {
    out += fmt::format(R"("risk_score":{},"alarm":{},"threshold":{},)", Number(reply.score), reply.alarm,
                       Number(reply.threshold));
  } else {
    const std::vector<std::string> columns = OutputColumns(model);
    const std::vector<double> values = OutputValues(engine, model, reply.outputs);
    for (size_t i = 0; i < columns.size(); ++i)
      out += fmt::format("\"{}\":{},", columns[i], Number(values[i]));
    if (model.info().kind == ModelKind::kIsolationForest)
      out += fmt::format("\"threshold\":{},", Number(reply.threshold));
  }
  out += fmt::format(R"("status":"{}","model":{},"imputed":{},"ignored":{}}})", InputStatusName(reply.status),
                     ModelObject(reply.model), TextList(reply.imputed), TextList(reply.ignored));
  return out;
}

std::string ToJson(const ForecastReply& reply) {
  return fmt::format(
      R"({{"anomaly_probability":{},"alarm":{},"horizon_hours":{},"n_observations":{},"threshold":{},"status":"{}","model":{},"ignored":{}}})",
      Number(reply.probability), reply.alarm, Number(reply.horizon_hours), reply.observations,
      Number(reply.threshold), InputStatusName(reply.status), ModelObject(reply.model),
      TextList(reply.ignored));
}

std::string ToJson(const ExplainReply& reply) {
  if (reply.method == "unavailable") {
    return fmt::format(R"({{"local_importance":[],"method":"unavailable","reason":{},"model":{}}})",
                       JsonText(reply.reason), ModelObject(reply.model));
  }
  std::string out = "{\"local_importance\":[";
  for (size_t i = 0; i < reply.drivers.size(); ++i) {
    const Driver& d = reply.drivers[i];
    out += fmt::format(R"({}{{"feature":{},"value":{},"shap_value":{}}})", i == 0 ? "" : ",",
                       JsonText(d.feature), Number(d.value), Number(d.shap_value));
  }
  out += fmt::format(R"(],"base_value":{},"output_value":{},"output":"{}",)", Number(reply.base_value),
                     Number(reply.output_value), reply.output);
  if (reply.risk_score) out += fmt::format("\"risk_score\":{},", Number(*reply.risk_score));
  out += fmt::format(R"("method":"{}","model":{}}})", reply.method, ModelObject(reply.model));
  return out;
}

std::string ToJson(const ImportanceReply& reply) {
  std::string out = "{\"importances\":[";
  for (size_t i = 0; i < reply.importances.size(); ++i) {
    out += fmt::format(R"({}{{"feature":{},"importance":{}}})", i == 0 ? "" : ",",
                       JsonText(reply.importances[i].first), Number(reply.importances[i].second));
  }
  out += fmt::format(R"(],"method":"{}",)", reply.method);
  if (!reply.reason.empty()) out += fmt::format("\"reason\":{},", JsonText(reply.reason));
  return out + fmt::format("\"model\":{}}}", ModelObject(reply.model));
}

std::string ToJson(const RecommendReply& reply) {
  return fmt::format(R"({{"recommendation":{},"urgency":"{}"}})", JsonText(reply.recommendation),
                     reply.urgency);
}

std::string ModelsToJson(const std::vector<ModelState>& models) {
  nlohmann::ordered_json list = nlohmann::ordered_json::object();
  for (const ModelState& state : models) {
    nlohmann::ordered_json entry = {{"status", state.model == nullptr ? "unavailable" : "loaded"}};
    if (state.model != nullptr) {
      entry["version"] = state.version.version;
      entry["aliases"] = state.version.aliases;
      entry["skill"] = state.model->info().skill;
      nlohmann::ordered_json metrics = nlohmann::ordered_json::object();
      for (const auto& [name, value] : state.version.metrics) metrics[name] = value;
      entry["metrics"] = metrics;
    }
    if (!state.reason.empty()) entry["reason"] = state.reason;
    list[state.name] = entry;
  }
  return nlohmann::ordered_json{{"models", list}}.dump(-1, ' ', false,
                                                       nlohmann::ordered_json::error_handler_t::replace);
}

std::string FaultsToJson(const std::vector<Fault>& faults) {
  std::string out = "[";
  for (const Fault& fault : faults) {
    if (out.size() > 1) out += ',';
    out += fmt::format(R"({{"pointer":{},"detail":{}}})", JsonText(fault.pointer), JsonText(fault.detail));
  }
  return out + "]";
}

}  // namespace forewarn
