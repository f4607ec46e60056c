#include "scoring/reply_json.h"

#include <fmt/compile.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

namespace forewarn {
namespace {

bool IsPlain(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return c >= 0x20 && c < 0x7f && c != '"' && c != '\\'; });
}

// Replies are put together in one text: a request's answer allocates once or twice, and no format is read at
// run time.
class Writer {
 public:
  explicit Writer(size_t room) { out_.reserve(room); }
  Writer& operator<<(std::string_view raw) {
    out_ += raw;
    return *this;
  }
  Writer& operator<<(int64_t value) {
    fmt::format_to(std::back_inserter(out_), FMT_COMPILE("{}"), value);
    return *this;
  }
  Writer& Number(double value) {
    if (!std::isfinite(value)) return *this << "null";
    fmt::format_to(std::back_inserter(out_), FMT_COMPILE("{}"), value);
    return *this;
  }
  Writer& Text(std::string_view text) {
    if (!IsPlain(text)) return *this << JsonText(text);
    out_ += '"';
    out_ += text;
    out_ += '"';
    return *this;
  }
  Writer& Texts(const std::vector<std::string>& texts) {
    out_ += '[';
    for (const std::string& text : texts) Comma('[').Text(text);
    out_ += ']';
    return *this;
  }
  Writer& Model(const ServedPtr& model) {
    if (model == nullptr) return *this << "null";
    *this << R"({"name":)";
    Text(model->version().name) << R"(,"version":)" << int64_t{model->version().version} << R"(,"skill":)";
    return Text(model->info().skill) << "}";
  }
  // A comma, unless what was opened by `opening` is still empty.
  Writer& Comma(char opening) {
    if (out_.back() != opening) out_ += ',';
    return *this;
  }
  std::string Take() { return std::move(out_); }

 private:
  std::string out_;
};

}  // namespace

std::string JsonText(std::string_view text) {
  if (!IsPlain(text)) {
    return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  }
  std::string out;
  out.reserve(text.size() + 2);
  out += '"';
  out += text;
  out += '"';
  return out;
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
  Writer out(768);
  out << "{";
  if (model.info().kind == ModelKind::kClassifier) {
    out << R"("risk_score":)";
    out.Number(reply.score) << R"(,"alarm":)" << int64_t{reply.alarm} << R"(,"threshold":)";
    out.Number(reply.threshold);
  } else {
    const std::vector<std::string> columns = OutputColumns(model);
    const std::vector<double> values = OutputValues(engine, model, reply.outputs);
    for (size_t i = 0; i < columns.size(); ++i) {
      out.Comma('{').Text(columns[i]) << ":";
      out.Number(values[i]);
    }
    if (model.info().kind == ModelKind::kIsolationForest) {
      out << R"(,"threshold":)";
      out.Number(reply.threshold);
    }
  }
  out << R"(,"status":")" << InputStatusName(reply.status) << R"(","model":)";
  out.Model(reply.model) << R"(,"imputed":)";
  out.Texts(reply.imputed) << R"(,"ignored":)";
  return (out.Texts(reply.ignored) << "}").Take();
}

std::string ToJson(const ForecastReply& reply) {
  Writer out(384);
  out << R"({"anomaly_probability":)";
  out.Number(reply.probability) << R"(,"alarm":)" << int64_t{reply.alarm} << R"(,"horizon_hours":)";
  out.Number(reply.horizon_hours) << R"(,"n_observations":)" << static_cast<int64_t>(reply.observations)
                                  << R"(,"threshold":)";
  out.Number(reply.threshold) << R"(,"status":")" << InputStatusName(reply.status) << R"(","model":)";
  out.Model(reply.model) << R"(,"ignored":)";
  return (out.Texts(reply.ignored) << "}").Take();
}

std::string ToJson(const ExplainReply& reply) {
  Writer out(256 + 96 * reply.drivers.size());
  if (reply.method == "unavailable") {
    out << R"({"local_importance":[],"method":"unavailable","reason":)";
    out.Text(reply.reason) << R"(,"model":)";
    return (out.Model(reply.model) << "}").Take();
  }
  out << R"({"local_importance":[)";
  for (const Driver& driver : reply.drivers) {
    out.Comma('[') << R"({"feature":)";
    out.Text(driver.feature) << R"(,"value":)";
    out.Number(driver.value) << R"(,"shap_value":)";
    out.Number(driver.shap_value) << "}";
  }
  out << R"(],"base_value":)";
  out.Number(reply.base_value) << R"(,"output_value":)";
  out.Number(reply.output_value) << R"(,"output":")" << reply.output << R"(",)";
  if (reply.risk_score) {
    out << R"("risk_score":)";
    out.Number(*reply.risk_score) << ",";
  }
  out << R"("method":")" << reply.method << R"(","model":)";
  return (out.Model(reply.model) << "}").Take();
}

std::string ToJson(const ImportanceReply& reply) {
  Writer out(256 + 64 * reply.importances.size());
  out << R"({"importances":[)";
  for (const auto& [feature, importance] : reply.importances) {
    out.Comma('[') << R"({"feature":)";
    out.Text(feature) << R"(,"importance":)";
    out.Number(importance) << "}";
  }
  out << R"(],"method":")" << reply.method << R"(",)";
  if (!reply.reason.empty()) {
    out << R"("reason":)";
    out.Text(reply.reason) << ",";
  }
  out << R"("model":)";
  return (out.Model(reply.model) << "}").Take();
}

std::string ToJson(const RecommendReply& reply) {
  Writer out(256);
  out << R"({"recommendation":)";
  return (out.Text(reply.recommendation) << R"(,"urgency":")" << reply.urgency << R"("})").Take();
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
