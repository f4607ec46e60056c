#include "model/model_info.h"

#include <cmath>
#include <initializer_list>
#include <limits>
#include <nlohmann/json.hpp>
#include <utility>

#include "model/onnx_reader.h"

namespace forewarn {
namespace {

using Json = nlohmann::ordered_json;
using Pairs = std::vector<std::pair<std::string, double>>;

constexpr int kFormat = 1;
constexpr size_t kMaxBytes = size_t{64} << 20;

// Reads typed members of one JSON object; the first failure stands, later reads give defaults.
class Members {
 public:
  Members(const Json& object, std::string where) : object_(object), where_(std::move(where)) {}

  std::string Text(const char* key) { return Read<std::string>(key, "a string", &Json::is_string); }
  double Number(const char* key) { return Read<double>(key, "a number", &Json::is_number); }
  int Integer(const char* key) {
    const Json* value = Find(key);
    if (value == nullptr) return 0;
    if (!value->is_number_integer()) return Fail(key, "an integer"), 0;
    const auto integer = value->get<int64_t>();
    if (integer < std::numeric_limits<int>::min() || integer > std::numeric_limits<int>::max()) {
      return Fail(key, "an integer in range"), 0;
    }
    return static_cast<int>(integer);
  }
  std::vector<std::string> Texts(const char* key) {
    return List<std::string>(key, "strings", &Json::is_string);
  }
  std::vector<double> Numbers(const char* key) { return List<double>(key, "numbers", &Json::is_number); }
  // name → number; null is NaN (a metric that is not defined on its rows).
  Pairs Values(const char* key) {
    Pairs pairs;
    const Json* value = Find(key);
    if (value == nullptr) return pairs;
    if (!value->is_object()) return Fail(key, "an object of numbers"), pairs;
    for (const auto& [name, number] : value->items()) {
      if (number.is_null()) {
        pairs.emplace_back(name, std::numeric_limits<double>::quiet_NaN());
      } else if (number.is_number()) {
        pairs.emplace_back(name, number.get<double>());
      } else {
        Fail(key, "an object of numbers");
      }
    }
    return pairs;
  }
  const Json* Find(const char* key) {
    const auto it = object_.find(key);
    if (it == object_.end()) return Fail(key, "present"), nullptr;
    return &*it;
  }
  const Status& status() const { return status_; }

 private:
  template <typename T>
  T Read(const char* key, const char* what, bool (Json::*is)() const) {
    const Json* value = Find(key);
    if (value == nullptr) return T();
    if (!(value->*is)()) return Fail(key, what), T();
    return value->get<T>();
  }
  template <typename T>
  std::vector<T> List(const char* key, const char* what, bool (Json::*is)() const) {
    std::vector<T> list;
    const Json* value = Find(key);
    if (value == nullptr) return list;
    if (!value->is_array()) return Fail(key, std::string("a list of ") + what), list;
    for (const Json& item : *value) {
      if (!(item.*is)()) return Fail(key, std::string("a list of ") + what), list;
      list.push_back(item.get<T>());
    }
    return list;
  }
  void Fail(const char* key, const std::string& what) {
    if (status_.ok()) status_ = Status::Invalid(where_ + ": '" + key + "' must be " + what);
  }

  const Json& object_;
  std::string where_;
  Status status_;
};

Result<Json> ParseObject(std::string_view text) {
  if (text.size() > kMaxBytes) return Status::Invalid("forewarn.json is larger than 64 MB: not one of ours");
  Json json = Json::parse(text, nullptr, false);
  if (json.is_discarded() || !json.is_object()) return Status::Invalid("forewarn.json is not a JSON object");
  return json;
}

Json ToObject(const Pairs& pairs) {
  Json object = Json::object();
  for (const auto& [name, value] : pairs) object[name] = std::isnan(value) ? Json(nullptr) : Json(value);
  return object;
}

Json MonitorOf(const PcaModel& m) {
  return Json{{"kept", m.kept},
              {"variance", m.variance},
              {"explained", m.explained},
              {"t2_limit95", m.t2_limit95},
              {"t2_limit99", m.t2_limit99},
              {"spe_limit95", m.spe_limit95},
              {"spe_limit99", m.spe_limit99}};
}

Status CheckFinite(const std::vector<double>& values, const char* what) {
  for (const double v : values) {
    if (!std::isfinite(v)) return Status::Invalid(std::string(what) + " holds a number that is not finite");
  }
  return {};
}

Status CheckNumbers(const Model& model) {
  const ModelInfo& info = model.info;
  FW_RETURN_IF_ERROR(CheckFinite(info.medians, "medians"));
  FW_RETURN_IF_ERROR(CheckFinite(info.gains, "gains"));
  FW_RETURN_IF_ERROR(CheckFinite({info.threshold}, "threshold"));
  for (const Pairs* pairs : {&info.metrics, &info.params}) {
    for (const auto& [name, value] : *pairs) {
      if (std::isinf(value)) return Status::Invalid("'" + name + "' is infinite");
    }
  }
  if (const auto* pca = std::get_if<PcaModel>(&model.body)) {
    FW_RETURN_IF_ERROR(
        CheckFinite({pca->t2_limit95, pca->t2_limit99, pca->spe_limit95, pca->spe_limit99}, "limits"));
  }
  return {};
}

}  // namespace

Result<std::string> WriteModelInfo(const Model& model) {
  const ModelInfo& info = model.info;
  FW_RETURN_IF_ERROR(CheckNumbers(model));
  Json json{{"format", kFormat},
            {"run", info.run},
            {"kind", ModelKindName(info.kind)},
            {"plant", info.plant},
            {"features", info.features},
            {"medians", info.medians},
            {"threshold", info.threshold},
            {"horizon", info.horizon},
            {"horizon_name", info.horizon_name},
            {"sensors", info.sensors},
            {"window", info.window},
            {"gains", info.gains},
            {"skill", info.skill},
            {"metrics", ToObject(info.metrics)},
            {"params", ToObject(info.params)},
            {"data_digest", info.data_digest},
            {"code_version", info.code_version},
            {"notes", info.notes}};
  if (const auto* pca = std::get_if<PcaModel>(&model.body)) json["monitor"] = MonitorOf(*pca);
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

Result<ModelInfo> ReadModelInfo(std::string_view text) {
  FW_ASSIGN_OR_RETURN(const Json json, ParseObject(text));
  Members read(json, "forewarn.json");
  const int format = read.Integer("format");
  if (read.status().ok() && format != kFormat) {
    return Status::Invalid("forewarn.json has format " + std::to_string(format) +
                           "; this program reads format " + std::to_string(kFormat));
  }
  ModelInfo info;
  info.run = read.Text("run");
  const std::string kind = read.Text("kind");
  info.plant = read.Text("plant");
  info.features = read.Texts("features");
  info.medians = read.Numbers("medians");
  info.threshold = read.Number("threshold");
  info.horizon = read.Integer("horizon");
  info.horizon_name = read.Text("horizon_name");
  info.sensors = read.Texts("sensors");
  info.window = read.Integer("window");
  info.gains = read.Numbers("gains");
  info.skill = read.Text("skill");
  info.metrics = read.Values("metrics");
  info.params = read.Values("params");
  info.data_digest = read.Text("data_digest");
  info.code_version = read.Text("code_version");
  info.notes = read.Texts("notes");
  FW_RETURN_IF_ERROR(read.status());
  FW_ASSIGN_OR_RETURN(info.kind, ParseModelKind(kind));
  return info;
}

Result<Model> LoadModel(std::string_view onnx, std::string_view text) {
  Model model;
  FW_ASSIGN_OR_RETURN(model.info, ReadModelInfo(text));
  auto body = ReadOnnx(onnx);
  if (!body.ok()) return body.status().WithPrefix("model.onnx");
  model.body = std::move(*body);
  if (const auto* pca = std::get_if<PcaModel>(&model.body)) {
    FW_ASSIGN_OR_RETURN(const Json json, ParseObject(text));
    if (json.value("monitor", Json()) != MonitorOf(*pca)) {
      return Status::Invalid(
          "forewarn.json's monitor does not belong to model.onnx: one of the two was changed");
    }
  }
  FW_ASSIGN_OR_RETURN(const std::vector<std::string> names, ReadOnnxFeatures(onnx));
  if (!names.empty() && names != model.info.features) {
    return Status::Invalid(
        "forewarn.json and model.onnx name different features: one of the two was changed");
  }
  FW_RETURN_IF_ERROR(CheckModel(model));
  return model;
}

}  // namespace forewarn
