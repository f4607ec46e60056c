#include "registry/mlflow_registry.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>

#include "core/file.h"
#include "core/names.h"
#include "registry/artifact.h"
#include "registry/json_fields.h"

namespace forewarn {
namespace {

using Json = nlohmann::json;

constexpr char kDigestTag[] = "forewarn.digest";
constexpr char kRunNameTag[] = "forewarn.run_name";
constexpr char kPromotionTag[] = "forewarn.promotion.";
constexpr size_t kBatchMetrics = 900;  // the server takes 1,000 entries, 100 parameters and 100 tags at once
constexpr size_t kBatchTexts = 90;
constexpr size_t kMaxDigest = 36;

Json KeyValues(const std::map<std::string, std::string>& pairs) {
  Json out = Json::array();
  for (const auto& [key, value] : pairs) out.push_back({{"key", key}, {"value", value}});
  return out;
}

std::map<std::string, std::string> PairsOf(const Json& list) {
  std::map<std::string, std::string> out;
  if (!list.is_array()) return out;
  for (const Json& pair : list) out[TextOf(pair, "key")] = TextOf(pair, "value");
  return out;
}

// Protobuf's JSON writes what is no number as text.
Json NumberJson(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "Infinity" : "-Infinity";
  return value;
}

double NumberOf(const Json& field) {
  if (field.is_number()) return field.get<double>();
  if (field == "Infinity") return std::numeric_limits<double>::infinity();
  if (field == "-Infinity") return -std::numeric_limits<double>::infinity();
  return std::numeric_limits<double>::quiet_NaN();
}

std::map<std::string, double> MetricsIn(const Json& run) {
  std::map<std::string, double> out;
  const Json& list = FieldOf(FieldOf(run, "data"), "metrics");
  if (!list.is_array()) return out;
  for (const Json& metric : list) out[TextOf(metric, "key")] = NumberOf(FieldOf(metric, "value"));
  return out;
}

// Splits a JSON array into parts of at most n entries.
std::vector<Json> Parts(const Json& list, size_t n) {
  std::vector<Json> out;
  for (size_t i = 0; i < list.size(); i += n) {
    Json part = Json::array();
    for (size_t k = i; k < std::min(list.size(), i + n); ++k) part.push_back(list[k]);
    out.push_back(std::move(part));
  }
  return out;
}

RunRecord RecordOf(const Json& run, const std::string& experiment) {
  const Json& info = FieldOf(run, "info");
  RunRecord out;
  out.id = TextOf(info, "run_id");
  out.experiment = experiment;
  out.name = TextOf(info, "run_name");
  out.started_us = IntegerOf(info, "start_time") * 1000;
  out.ended_us = IntegerOf(info, "end_time") * 1000;
  out.metrics = MetricsIn(run);
  out.params = PairsOf(FieldOf(FieldOf(run, "data"), "params"));
  out.tags = PairsOf(FieldOf(FieldOf(run, "data"), "tags"));
  std::erase_if(out.tags, [](const auto& tag) { return tag.first.starts_with("mlflow."); });
  const Json& inputs = FieldOf(FieldOf(run, "inputs"), "dataset_inputs");
  if (inputs.is_array() && !inputs.empty()) {
    const Json& dataset = FieldOf(inputs[0], "dataset");
    const auto tags = PairsOf(FieldOf(inputs[0], "tags"));
    const auto context = tags.find("mlflow.data.context");
    out.dataset = DatasetInput{TextOf(dataset, "name"), TextOf(dataset, "digest"), TextOf(dataset, "source"),
                               context == tags.end() ? "" : context->second};
  }
  return out;
}

int NumberOfVersion(const std::string& text) {
  const Json holder = {{"version", text}};
  return static_cast<int>(IntegerOf(holder, "version"));
}

// A filter's text value: MLflow's grammar knows single quotes and no escape; model names hold none.
std::string NameFilter(const std::string& name) { return fmt::format("name='{}'", name); }

// Names a source may not hold for MLflow ("." and ".." apart, model names are safe paths already).
std::string ArtifactFolder(const std::string& model) { return "models/" + model; }

}  // namespace

Result<std::unique_ptr<Registry>> MlflowRegistry::Open(const std::string& uri, MlflowOptions options) {
  FW_ASSIGN_OR_RETURN(MlflowRest rest, MlflowRest::Make(uri, std::move(options)));
  return std::unique_ptr<Registry>(new MlflowRegistry(std::move(rest)));
}

Result<std::string> MlflowRegistry::ExperimentId(const std::string& name) {
  Result<Json> found = rest_.Get("experiments/get-by-name", {{"experiment_name", name}});
  if (!found.ok()) {
    if (found.status().code() != Code::kNotFound) return found.status();
    const Result<Json> made = rest_.Post("experiments/create", {{"name", name}}, false);
    if (made.ok()) return TextOf(*made, "experiment_id");
    if (made.status().code() != Code::kExists) return made.status();  // another process was faster
    found = rest_.Get("experiments/get-by-name", {{"experiment_name", name}});
    if (!found.ok()) return found.status();
  }
  const Json& experiment = FieldOf(*found, "experiment");
  if (TextOf(experiment, "lifecycle_stage") == "deleted") {
    return Status::Invalid(
        fmt::format("experiment '{}' of {} is deleted; restore it there", name, rest_.base()));
  }
  return TextOf(experiment, "experiment_id");
}

Result<std::string> MlflowRegistry::LogRun(const RunRecord& run) {
  FW_ASSIGN_OR_RETURN(const std::string experiment, ExperimentId(run.experiment));
  FW_ASSIGN_OR_RETURN(const Json created, rest_.Post("runs/create",
                                                     {{"experiment_id", experiment},
                                                      {"run_name", run.name},
                                                      {"start_time", run.started_us / 1000},
                                                      {"tags", KeyValues(run.tags)}},
                                                     false));
  const Json& info = FieldOf(FieldOf(created, "run"), "info");
  const std::string id = TextOf(info, "run_id");
  if (id.empty())
    return Status::Unavailable(fmt::format("tracking server {} gave the run no id", rest_.base()));
  const Status content = LogRunContent(run, id, TextOf(info, "artifact_uri"));
  // A run that could not be stored whole says so instead of running for ever.
  const Result<Json> ended = rest_.Post(
      "runs/update",
      {{"run_id", id}, {"status", content.ok() ? "FINISHED" : "FAILED"}, {"end_time", run.ended_us / 1000}},
      true);
  FW_RETURN_IF_ERROR(content);
  if (!ended.ok()) return ended.status();
  return id;
}

Status MlflowRegistry::LogRunContent(const RunRecord& run, const std::string& id,
                                     const std::string& artifact_uri) {
  Json metrics = Json::array();
  for (const auto& [key, value] : run.metrics) {
    metrics.push_back(
        {{"key", key}, {"value", NumberJson(value)}, {"timestamp", run.ended_us / 1000}, {"step", 0}});
  }
  for (const Json& part : Parts(metrics, kBatchMetrics)) {
    FW_RETURN_IF_ERROR(rest_.Post("runs/log-batch", {{"run_id", id}, {"metrics", part}}, true).status());
  }
  for (const Json& part : Parts(KeyValues(run.params), kBatchTexts)) {
    FW_RETURN_IF_ERROR(rest_.Post("runs/log-batch", {{"run_id", id}, {"params", part}}, true).status());
  }
  if (run.dataset) {
    const Json dataset = {
        {"name", run.dataset->name},
        {"digest", run.dataset->digest.substr(0, kMaxDigest)},
        {"source_type", "local"},
        {"source", Json{{"uri", run.dataset->source.empty() ? "memory" : run.dataset->source}}.dump()}};
    const Json input = {{"tags", {{{"key", "mlflow.data.context"}, {"value", run.dataset->context}}}},
                        {"dataset", dataset}};
    FW_RETURN_IF_ERROR(rest_.Post("runs/log-inputs", {{"run_id", id}, {"datasets", {input}}}, true).status());
  }
  return run.files.empty() ? Status::Ok() : rest_.PutFiles(artifact_uri, run.files);
}

Result<Json> MlflowRegistry::FetchRun(const std::string& id) {
  FW_ASSIGN_OR_RETURN(const Json reply, rest_.Get("runs/get", {{"run_id", id}}));
  return FieldOf(reply, "run");
}

Result<RunRecord> MlflowRegistry::GetRun(const std::string& id) {
  FW_ASSIGN_OR_RETURN(const Json run, FetchRun(id));
  FW_ASSIGN_OR_RETURN(
      const Json experiment,
      rest_.Get("experiments/get", {{"experiment_id", TextOf(FieldOf(run, "info"), "experiment_id")}}));
  RunRecord out = RecordOf(run, TextOf(FieldOf(experiment, "experiment"), "name"));
  FW_ASSIGN_OR_RETURN(FileSet files, rest_.GetFiles(TextOf(FieldOf(run, "info"), "artifact_uri")));
  std::erase_if(files,
                [](const auto& file) { return file.first.starts_with("models/"); });  // versions, not reports
  out.files = std::move(files);
  return out;
}

Result<std::vector<RunRecord>> MlflowRegistry::Runs(const std::string& experiment) {
  std::map<std::string, std::string> names;  // experiment id → name
  if (experiment.empty()) {
    FW_ASSIGN_OR_RETURN(
        const std::vector<Json> all, rest_.AllPages("experiments", [&](const std::string& token) {
          return rest_.Post("experiments/search", {{"max_results", 1000}, {"page_token", token}}, true);
        }));
    for (const Json& each : all) names[TextOf(each, "experiment_id")] = TextOf(each, "name");
  } else {
    const Result<Json> found = rest_.Get("experiments/get-by-name", {{"experiment_name", experiment}});
    if (!found.ok() && found.status().code() == Code::kNotFound) return std::vector<RunRecord>();
    if (!found.ok()) return found.status();
    names[TextOf(FieldOf(*found, "experiment"), "experiment_id")] = experiment;
  }
  Json ids = Json::array();
  for (const auto& [id, name] : names) ids.push_back(id);
  FW_ASSIGN_OR_RETURN(const std::vector<Json> runs, rest_.AllPages("runs", [&](const std::string& token) {
    return rest_.Post("runs/search",
                      {{"experiment_ids", ids},
                       {"max_results", 1000},
                       {"order_by", {"start_time DESC"}},
                       {"page_token", token}},
                      true);
  }));
  std::vector<RunRecord> out;
  for (const Json& run : runs)
    out.push_back(RecordOf(run, names[TextOf(FieldOf(run, "info"), "experiment_id")]));
  return out;
}

Result<ModelVersion> MlflowRegistry::AddVersion(const NewVersion& version) {
  FW_RETURN_IF_ERROR(CheckModelName(version.name));
  const auto manifest = version.files.find(kModelManifestFile);
  if (manifest == version.files.end()) {
    return Status::Invalid(
        fmt::format("model '{}' has no {}; pack it as an artifact first", version.name, kModelManifestFile));
  }
  FW_ASSIGN_OR_RETURN(const Json run, FetchRun(version.run_id));
  const Status made = rest_.Post("registered-models/create", {{"name", version.name}}, true).status();
  if (!made.ok() && made.code() != Code::kExists) return made;
  const std::string source =
      TextOf(FieldOf(run, "info"), "artifact_uri") + "/" + ArtifactFolder(version.name);
  FW_RETURN_IF_ERROR(rest_.PutFiles(source, version.files));
  std::map<std::string, std::string> tags = version.tags;
  tags[kDigestTag] = Sha256Hex(manifest->second);
  tags[kRunNameTag] = TextOf(FieldOf(run, "info"), "run_name");
  FW_ASSIGN_OR_RETURN(
      const Json created,
      rest_.Post(
          "model-versions/create",
          {{"name", version.name}, {"source", source}, {"run_id", version.run_id}, {"tags", KeyValues(tags)}},
          false));
  const int number = NumberOfVersion(TextOf(FieldOf(created, "model_version"), "version"));
  if (number < 1)
    return Status::Unavailable(fmt::format("tracking server {} gave the version no number", rest_.base()));
  return Find(ModelRef{version.name, "", number});
}

Result<std::vector<Json>> MlflowRegistry::RegisteredModels() {
  return rest_.AllPages("registered_models", [&](const std::string& token) {
    return rest_.Get("registered-models/search", {{"max_results", "500"}, {"page_token", token}});
  });
}

Result<std::map<std::string, double>> MlflowRegistry::MetricsOf(const std::string& run_id) {
  {
    const std::lock_guard lock(mutex_);
    const auto it = metrics_.find(run_id);
    if (it != metrics_.end()) return it->second;
  }
  const Result<Json> run = FetchRun(run_id);
  if (!run.ok()) {
    if (run.status().code() == Code::kNotFound)
      return std::map<std::string, double>();  // deleted by somebody
    return run.status();
  }
  std::map<std::string, double> metrics = MetricsIn(*run);
  const std::lock_guard lock(mutex_);
  if (TextOf(FieldOf(*run, "info"), "status") == "FINISHED") metrics_[run_id] = metrics;
  return metrics;
}

Result<std::vector<ModelVersion>> MlflowRegistry::VersionsOf(const Json& registered_model) {
  const std::string name = TextOf(registered_model, "name");
  FW_ASSIGN_OR_RETURN(
      const std::vector<Json> list, rest_.AllPages("model_versions", [&](const std::string& token) {
        return rest_.Get("model-versions/search",
                         {{"filter", NameFilter(name)}, {"max_results", "200"}, {"page_token", token}});
      }));
  const Json& aliases = FieldOf(registered_model, "aliases");  // [{"alias","version"}]
  std::vector<ModelVersion> out;
  for (const Json& each : list) {
    ModelVersion version;
    version.name = name;
    version.version = NumberOfVersion(TextOf(each, "version"));
    if (version.version < 1 || TextOf(each, "status") == "FAILED_REGISTRATION") continue;
    version.run_id = TextOf(each, "run_id");
    version.created_us = IntegerOf(each, "creation_timestamp") * 1000;
    version.tags = PairsOf(FieldOf(each, "tags"));
    version.digest = version.tags[kDigestTag];  // none: registered by another client
    version.run_name = version.tags[kRunNameTag];
    version.tags.erase(kDigestTag);
    version.tags.erase(kRunNameTag);
    if (aliases.is_array()) {
      for (const Json& alias : aliases) {
        if (NumberOfVersion(TextOf(alias, "version")) == version.version)
          version.aliases.push_back(TextOf(alias, "alias"));
      }
    }
    std::sort(version.aliases.begin(), version.aliases.end());
    if (!version.run_id.empty()) {
      FW_ASSIGN_OR_RETURN(version.metrics, MetricsOf(version.run_id));
    }
    out.push_back(std::move(version));
  }
  std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.version < b.version; });
  return out;
}

Result<std::vector<ModelVersion>> MlflowRegistry::Versions(const std::string& name) {
  FW_ASSIGN_OR_RETURN(std::vector<Json> models, RegisteredModels());
  std::sort(models.begin(), models.end(),
            [](const Json& a, const Json& b) { return TextOf(a, "name") < TextOf(b, "name"); });
  std::vector<ModelVersion> out;
  std::vector<std::string> known;
  bool found = name.empty();
  for (const Json& model : models) {
    known.push_back(TextOf(model, "name"));
    if (!name.empty() && known.back() != name) continue;
    found = true;
    FW_ASSIGN_OR_RETURN(std::vector<ModelVersion> versions, VersionsOf(model));
    out.insert(out.end(), std::make_move_iterator(versions.begin()), std::make_move_iterator(versions.end()));
  }
  if (!found) return Status::NotFound(UnknownName("model", name, known));
  return out;
}

Result<FileSet> MlflowRegistry::Files(const ModelVersion& version) {
  FW_ASSIGN_OR_RETURN(const Json reply,
                      rest_.Get("model-versions/get-download-uri",
                                {{"name", version.name}, {"version", std::to_string(version.version)}}));
  Result<FileSet> files = rest_.GetFiles(TextOf(reply, "artifact_uri"));
  if (!files.ok()) return files.status().WithPrefix(ModelRefText(version.name, version.version));
  if (files->empty()) {
    return Status::NotFound(
        fmt::format("{} has no files on the tracking server", ModelRefText(version.name, version.version)));
  }
  return files;
}

Status MlflowRegistry::SetTag(const std::string& name, int version, const std::string& key,
                              const std::string& value) {
  return rest_
      .Post("model-versions/set-tag",
            {{"name", name}, {"version", std::to_string(version)}, {"key", key}, {"value", value}}, true)
      .status();
}

Status MlflowRegistry::SetAlias(const std::string& name, const std::string& alias, int version) {
  FW_RETURN_IF_ERROR(CheckAlias(alias));
  if (version == 0)
    return rest_.Delete("registered-models/alias", {{"name", name}, {"alias", alias}}).status();
  FW_ASSIGN_OR_RETURN(const ModelVersion found, Find(ModelRef{name, "", version}));
  return rest_
      .Post("registered-models/alias",
            {{"name", name}, {"alias", alias}, {"version", std::to_string(found.version)}}, true)
      .status();
}

Status MlflowRegistry::Promote(const PromotionEvent& event) {
  FW_ASSIGN_OR_RETURN(const std::vector<ModelVersion> versions, Versions(event.name));
  int champion = 0;
  for (const ModelVersion& v : versions) {
    if (v.Has(kChampionAlias)) champion = v.version;
  }
  if (champion != event.from) {
    return Status::Busy(
        fmt::format("the champion of '{}' is version {} by now, not {}", event.name, champion, event.from));
  }
  FW_RETURN_IF_ERROR(SetAlias(event.name, kChampionAlias, event.to));
  const int64_t now = std::chrono::duration_cast<std::chrono::microseconds>(
                          std::chrono::system_clock::now().time_since_epoch())
                          .count();
  const Json record = {
      {"from", event.from}, {"to", event.to}, {"mode", event.mode}, {"reason", event.reason}};
  return rest_
      .Post("registered-models/set-tag",
            {{"name", event.name},
             {"key", fmt::format("{}{:020}", kPromotionTag, now)},
             {"value", record.dump()}},
            true)
      .status();
}

Result<std::vector<PromotionEvent>> MlflowRegistry::Promotions(const std::string& name) {
  FW_ASSIGN_OR_RETURN(const Json reply, rest_.Get("registered-models/get", {{"name", name}}));
  std::vector<PromotionEvent> out;
  for (const auto& [key, value] :
       PairsOf(FieldOf(FieldOf(reply, "registered_model"), "tags"))) {  // by key: oldest first
    if (!key.starts_with(kPromotionTag)) continue;
    const Json record = Json::parse(value, nullptr, false);
    const Json time = {{"time", key.substr(std::string_view(kPromotionTag).size())}};
    out.push_back({name, static_cast<int>(IntegerOf(record, "from")),
                   static_cast<int>(IntegerOf(record, "to")), TextOf(record, "mode"),
                   TextOf(record, "reason"), IntegerOf(time, "time")});
  }
  return out;
}

Result<uint64_t> MlflowRegistry::Revision() {
  FW_ASSIGN_OR_RETURN(const std::vector<Json> models, RegisteredModels());
  std::string state;
  for (const Json& model : models) {
    state += fmt::format("{}\n{}\n{}\n", TextOf(model, "name"), FieldOf(model, "latest_versions").dump(),
                         FieldOf(model, "aliases").dump());
  }
  return std::stoull(Sha256Hex(state).substr(0, 16), nullptr, 16);
}

Result<VerifyReport> MlflowRegistry::Verify() {
  FW_ASSIGN_OR_RETURN(const std::vector<ModelVersion> versions, Versions(""));
  VerifyReport report;
  for (const ModelVersion& version : versions) {
    if (version.digest.empty()) continue;  // another client's
    ++report.versions;
    const Result<FileSet> files = Files(version);
    Status status = files.ok() ? CheckManifest(*files) : files.status();
    if (status.ok() && Sha256Hex(files->at(kModelManifestFile)) != version.digest) {
      status = Status::Invalid(fmt::format("{} is not the one that was registered", kModelManifestFile));
    }
    if (!status.ok())
      report.faults.push_back({ModelRefText(version.name, version.version), status.message()});
  }
  return report;
}

}  // namespace forewarn
