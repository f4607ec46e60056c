#include "live/scorer_replies.h"

#include <nlohmann/json.hpp>

#include "core/names.h"
#include "live/json_fields.h"

namespace forewarn {
namespace {

constexpr char kForecast[] = "the forecast's reply cannot be used";
constexpr char kPredict[] = "the prediction's reply cannot be used";
constexpr char kExplain[] = "the explanation's reply cannot be used";
constexpr char kUnavailable[] = "unavailable";

Result<InputStatus> StatusAt(const nlohmann::json& object) {
  FW_ASSIGN_OR_RETURN(const std::string text, TextAt(object, "status"));
  std::vector<std::string> known;
  for (const InputStatus s : {InputStatus::kOk, InputStatus::kStale, InputStatus::kOutsideTrainingRange}) {
    if (text == InputStatusName(s)) return s;
    known.emplace_back(InputStatusName(s));
  }
  return Status::Invalid(UnknownName("status", text, known));
}

Result<ModelTag> ModelAt(const nlohmann::json& object) {
  FW_ASSIGN_OR_RETURN(const nlohmann::json* model, Member(object, "model"));
  ModelTag out;
  if (model->is_null()) return out;
  FW_ASSIGN_OR_RETURN(out.name, TextAt(*model, "name"));
  FW_ASSIGN_OR_RETURN(const int64_t version, WholeAt(*model, "version"));
  if (version < 0 || version > std::numeric_limits<int>::max()) {
    return Status::Invalid("'version' is out of range");
  }
  out.version = static_cast<int>(version);
  FW_ASSIGN_OR_RETURN(out.skill, TextAt(*model, "skill"));
  return out;
}

Result<double> ProbabilityAt(const nlohmann::json& object, const char* key) {
  FW_ASSIGN_OR_RETURN(const double value, NumberAt(object, key));
  if (value < 0 || value > 1) return Status::Invalid(std::string("'") + key + "' is not within 0 and 1");
  return value;
}

Result<ForecastAnswer> ReadForecast(std::string_view body) {
  FW_ASSIGN_OR_RETURN(const nlohmann::json reply, ParseObject(body));
  ForecastAnswer out;
  FW_ASSIGN_OR_RETURN(out.probability, ProbabilityAt(reply, "anomaly_probability"));
  FW_ASSIGN_OR_RETURN(out.threshold, NumberAt(reply, "threshold"));
  FW_ASSIGN_OR_RETURN(out.alarm, TruthAt(reply, "alarm"));
  FW_ASSIGN_OR_RETURN(out.horizon_hours, NumberAt(reply, "horizon_hours"));
  FW_ASSIGN_OR_RETURN(out.status, StatusAt(reply));
  FW_ASSIGN_OR_RETURN(out.model, ModelAt(reply));
  return out;
}

Result<PredictAnswer> ReadPredict(std::string_view body) {
  FW_ASSIGN_OR_RETURN(const nlohmann::json reply, ParseObject(body));
  PredictAnswer out;
  FW_ASSIGN_OR_RETURN(out.risk_score, ProbabilityAt(reply, "risk_score"));
  FW_ASSIGN_OR_RETURN(out.threshold, NumberAt(reply, "threshold"));
  FW_ASSIGN_OR_RETURN(out.alarm, TruthAt(reply, "alarm"));
  FW_ASSIGN_OR_RETURN(out.status, StatusAt(reply));
  FW_ASSIGN_OR_RETURN(out.model, ModelAt(reply));
  return out;
}

Result<ExplainAnswer> ReadExplain(std::string_view body) {
  FW_ASSIGN_OR_RETURN(const nlohmann::json reply, ParseObject(body));
  ExplainAnswer out;
  FW_ASSIGN_OR_RETURN(out.method, TextAt(reply, "method"));
  FW_ASSIGN_OR_RETURN(out.model, ModelAt(reply));
  if (out.method == kUnavailable) {
    if (reply.contains("reason")) {
      FW_ASSIGN_OR_RETURN(out.reason, TextAt(reply, "reason"));
    }
    return out;
  }
  FW_ASSIGN_OR_RETURN(const nlohmann::json* list, ListAt(reply, "local_importance"));
  for (const nlohmann::json& item : *list) {
    Driver driver;
    FW_ASSIGN_OR_RETURN(driver.feature, TextAt(item, "feature"));
    FW_ASSIGN_OR_RETURN(driver.value, NumberOrNullAt(item, "value"));
    FW_ASSIGN_OR_RETURN(driver.shap_value, NumberAt(item, "shap_value"));
    out.drivers.push_back(std::move(driver));
  }
  FW_ASSIGN_OR_RETURN(out.base_value, NumberAt(reply, "base_value"));
  FW_ASSIGN_OR_RETURN(out.output_value, NumberAt(reply, "output_value"));
  FW_ASSIGN_OR_RETURN(out.output, TextAt(reply, "output"));
  return out;
}

template <typename T>
Result<T> Prefixed(Result<T> result, const char* where) {
  if (result.ok()) return result;
  return result.status().WithPrefix(where);
}

}  // namespace

Result<ForecastAnswer> ParseForecastReply(std::string_view body) {
  return Prefixed(ReadForecast(body), kForecast);
}
Result<PredictAnswer> ParsePredictReply(std::string_view body) {
  return Prefixed(ReadPredict(body), kPredict);
}
Result<ExplainAnswer> ParseExplainReply(std::string_view body) {
  return Prefixed(ReadExplain(body), kExplain);
}

}  // namespace forewarn
