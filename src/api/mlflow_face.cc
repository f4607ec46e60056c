#include "api/mlflow_face.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "http/json_body.h"
#include "http/parameters.h"
#include "http/problem.h"

namespace forewarn {
namespace {

using http::Method;
using http::Request;
using http::Response;
using Json = nlohmann::ordered_json;

constexpr char kScheme[] = "mlflow-artifacts:/";
constexpr char kModels[] = "models";  // the top of every artifact path
constexpr int64_t kMaxResults = 200'000;
constexpr int64_t kMaxToken = 1'000'000'000;

constexpr char kWrong[] = "INVALID_PARAMETER_VALUE";

// The members MLflow's clients look for.
Response WithMembers(Response problem, const char* code, const std::string& message) {
  problem.body.pop_back();
  problem.body += fmt::format(",\"error_code\":\"{}\",\"message\":{}}}", code, Json(message).dump());
  return problem;
}

Response Failed(const Status& status) {
  const char* code = status.code() == Code::kNotFound ? "RESOURCE_DOES_NOT_EXIST"
                     : status.code() == Code::kInvalid || status.code() == Code::kUsage ? kWrong
                     : status.code() == Code::kBusy ? "TEMPORARILY_UNAVAILABLE"
                                                    : "INTERNAL_ERROR";
  return WithMembers(http::Problem(status), code, status.message());
}

// A refusal of the readers of bodies and queries.
Response Refused(Response problem) {
  const Json told = Json::parse(problem.body, nullptr, false);
  return WithMembers(std::move(problem), kWrong, told.value("detail", ""));
}

// An alias nobody has: the status of what is not there, with MLflow's code, which is what its clients read.
Response NoAlias(const Status& status) {
  if (status.code() != Code::kInvalid) return Failed(status);
  return WithMembers(http::Problem(Status::NotFound(status.message())), kWrong, status.message());
}

Response Answer(const Json& json) {
  return http::Json(200, json.dump(-1, ' ', false, Json::error_handler_t::replace));
}

Json TagsJson(const std::map<std::string, std::string>& tags) {
  Json list = Json::array();
  for (const auto& [key, value] : tags) list.push_back({{"key", key}, {"value", value}});
  return list;
}

std::string SourceOf(const ModelVersion& version) {
  return fmt::format("{}{}/{}/{}", kScheme, kModels, version.name, version.version);
}

Json VersionJson(const ModelVersion& version) {
  const int64_t created_ms = version.created_us / 1000;
  return {{"name", version.name},
          {"version", fmt::format("{}", version.version)},
          {"creation_timestamp", created_ms},
          {"last_updated_timestamp", created_ms},
          {"current_stage", "None"},
          {"description", ""},
          {"source", SourceOf(version)},
          {"run_id", version.run_id},
          {"status", "READY"},
          {"tags", TagsJson(version.tags)},
          {"aliases", version.aliases}};
}

Json ModelJson(const std::vector<ModelVersion>& versions) {
  Json aliases = Json::array();
  for (const ModelVersion& version : versions) {
    for (const std::string& alias : version.aliases) {
      aliases.push_back({{"alias", alias}, {"version", fmt::format("{}", version.version)}});
    }
  }
  return {{"name", versions.front().name},
          {"creation_timestamp", versions.front().created_us / 1000},
          {"last_updated_timestamp", versions.back().created_us / 1000},
          {"description", ""},
          {"latest_versions", Json::array({VersionJson(versions.back())})},
          {"tags", Json::array()},
          {"aliases", aliases}};
}

Json RunJson(const RunRecord& run) {
  Json params = Json::array();
  for (const auto& [key, value] : run.params) params.push_back({{"key", key}, {"value", value}});
  Json metrics = Json::array();
  for (const auto& [key, value] : run.metrics) {
    metrics.push_back({{"key", key}, {"value", value}, {"timestamp", run.ended_us / 1000}, {"step", 0}});
  }
  return {{"info",
           {{"run_id", run.id},
            {"run_uuid", run.id},
            {"run_name", run.name},
            {"experiment_id", run.experiment},
            {"user_id", ""},
            {"status", "FINISHED"},
            {"start_time", run.started_us / 1000},
            {"end_time", run.ended_us / 1000},
            {"artifact_uri", fmt::format("{}runs/{}", kScheme, run.id)},
            {"lifecycle_stage", "active"}}},
          {"data", {{"metrics", metrics}, {"params", params}, {"tags", TagsJson(run.tags)}}},
          {"inputs", {{"dataset_inputs", Json::array()}}}};
}

Result<ModelVersion> FindVersion(Registry& registry, const std::string& name, const std::string& number) {
  FW_ASSIGN_OR_RETURN(const std::vector<ModelVersion> versions, registry.Versions(name));
  std::string known;
  for (const ModelVersion& version : versions) {
    const std::string each = fmt::format("{}", version.version);
    if (each == number) return version;
    known += (known.empty() ? "" : ", ") + each;
  }
  return Status::NotFound(fmt::format("model '{}' has no version '{}'; it has: {}", name, number, known));
}

// kInvalid, as MLflow has it, for an alias nobody has.
Result<ModelVersion> FindAlias(Registry& registry, const std::string& name, const std::string& alias) {
  FW_ASSIGN_OR_RETURN(const std::vector<ModelVersion> versions, registry.Versions(name));
  for (const ModelVersion& version : versions) {
    if (version.Has(alias)) return version;
  }
  return Status::Invalid(fmt::format("model '{}' has no alias '{}'", name, alias));
}

// The champion's alias is moved by a promotion, which is recorded.
Status MoveAlias(Registry& registry, const ModelVersion& to, const std::string& alias) {
  if (alias != kChampionAlias) return registry.SetAlias(to.name, alias, to.version);
  const Result<ModelVersion> before = FindAlias(registry, to.name, alias);
  PromotionEvent event;
  event.name = to.name;
  event.from = before.ok() ? before->version : 0;
  event.to = to.version;
  event.mode = "manual";
  event.reason = "by MLflow's REST interface";
  return event.from == event.to ? Status::Ok() : registry.Promote(event);
}

class Face {
 public:
  Face(Registry* registry, std::function<void()> changed)
      : registry_(*registry), changed_(std::move(changed)) {}

  Response GetModel(const Request& request) const {
    const Result<std::vector<ModelVersion>> versions = VersionsAsked(request);
    if (!versions.ok()) return Failed(versions.status());
    return Answer({{"registered_model", ModelJson(*versions)}});
  }

  Response SearchModels(const Request& request) const {
    const Search search = ReadSearch(request, 1000);
    if (search.refusal) return *search.refusal;
    std::map<std::string, std::vector<ModelVersion>> models;
    for (const ModelVersion& version : search.found) models[version.name].push_back(version);
    Json all = Json::array();
    for (const auto& [name, versions] : models) all.push_back(ModelJson(versions));
    return Page("registered_models", all, search);
  }

  Response SearchVersions(const Request& request) const {
    const Search search = ReadSearch(request, 10'000);
    if (search.refusal) return *search.refusal;
    Json all = Json::array();
    for (auto version = search.found.rbegin(); version != search.found.rend(); ++version) {
      all.push_back(VersionJson(*version));
    }
    return Page("model_versions", all, search);
  }

  Response GetVersion(const Request& request) const {
    const Result<ModelVersion> version = VersionAsked(request);
    return version.ok() ? Answer({{"model_version", VersionJson(*version)}}) : Failed(version.status());
  }

  Response GetDownloadUri(const Request& request) const {
    const Result<ModelVersion> version = VersionAsked(request);
    return version.ok() ? Answer({{"artifact_uri", SourceOf(*version)}}) : Failed(version.status());
  }

  Response GetByAlias(const Request& request) const {
    auto query = http::Parameters::Query(request);
    const std::string name = query.Text("name", kName);
    const std::string alias = query.Text("alias", kName);
    if (auto refusal = query.Finish()) return Refused(*std::move(refusal));
    const Result<ModelVersion> version = FindAlias(registry_, name, alias);
    return version.ok() ? Answer({{"model_version", VersionJson(*version)}}) : NoAlias(version.status());
  }

  Response SetAlias(const Request& request) const {
    const http::JsonBody body(request.body);
    const std::string name = body.root().Text("name", kName);
    const std::string alias = body.root().Text("alias", kName);
    const std::string number = body.root().Text("version", kName);
    if (auto refusal = body.Finish()) return Refused(*std::move(refusal));
    if (const Status good = CheckAlias(alias); !good.ok()) return Failed(good);
    const Result<ModelVersion> version = FindVersion(registry_, name, number);
    if (!version.ok()) return Failed(version.status());
    return Moved(MoveAlias(registry_, *version, alias));
  }

  // The client sends a body, curl a query.
  Response DeleteAlias(const Request& request) const {
    std::string name;
    std::string alias;
    if (request.body.empty()) {
      auto query = http::Parameters::Query(request);
      name = query.Text("name", kName);
      alias = query.Text("alias", kName);
      if (auto refusal = query.Finish()) return Refused(*std::move(refusal));
    } else {
      const http::JsonBody body(request.body);
      name = body.root().Text("name", kName);
      alias = body.root().Text("alias", kName);
      if (auto refusal = body.Finish()) return Refused(*std::move(refusal));
    }
    if (const Result<ModelVersion> known = FindAlias(registry_, name, alias); !known.ok())
      return NoAlias(known.status());
    return Moved(registry_.SetAlias(name, alias, 0));
  }

  Response GetRun(const Request& request) const {
    auto query = http::Parameters::Query(request);
    const std::string id = query.Text("run_id", kName);
    if (auto refusal = query.Finish()) return Refused(*std::move(refusal));
    const Result<RunRecord> run = registry_.GetRun(id);
    return run.ok() ? Answer({{"run", RunJson(*run)}}) : Failed(run.status());
  }

  // ?path=models/NAME/VERSION[/folder]
  Response ListFiles(const Request& request) const {
    auto query = http::Parameters::Query(request);
    const std::string path = query.Text("path", kText, "");
    if (auto refusal = query.Finish()) return Refused(*std::move(refusal));
    std::string below;
    const Result<FileSet> files = FilesOf(path, &below);
    if (!files.ok()) return Failed(files.status());
    if (!below.empty()) below += '/';
    Json list = Json::array();
    std::set<std::string> folders;
    for (const auto& [name, bytes] : *files) {
      if (name.rfind(below, 0) != 0) continue;
      const std::string rest = name.substr(below.size());
      const size_t slash = rest.find('/');
      if (slash == std::string::npos) {
        list.push_back({{"path", rest}, {"is_dir", false}, {"file_size", bytes.size()}});
      } else if (folders.insert(rest.substr(0, slash)).second) {
        list.push_back({{"path", rest.substr(0, slash)}, {"is_dir", true}});
      }
    }
    return Answer({{"files", list}});
  }

  Response GetFile(const Request& request) const {
    std::string name;
    Result<FileSet> files = FilesOf(std::string(request.Param("path")), &name);
    if (!files.ok()) return Failed(files.status());
    const auto file = files->find(name);
    if (file == files->end()) return Failed(Status::NotFound(fmt::format("there is no file '{}'", name)));
    Response reply;
    reply.content_type = "application/octet-stream";
    reply.body = std::move(file->second);
    return reply;
  }

 private:
  static constexpr http::TextLimits kName = {.min = 1, .max = 300};
  static constexpr http::TextLimits kText = {.min = 0, .max = 500};  // fits into a URL however it is encoded

  struct Search {
    std::optional<Response> refusal;
    std::vector<ModelVersion> found;
    size_t from = 0;
    size_t limit = 0;
  };
  Search ReadSearch(const Request& request, int64_t default_limit) const {
    Search out;
    auto query = http::Parameters::Query(request);
    const Result<MlflowFilter> filter = ParseMlflowFilter(query.Text("filter", kText, ""));
    out.limit = static_cast<size_t>(query.Integer("max_results", {1, kMaxResults}, default_limit));
    out.from = static_cast<size_t>(query.Integer("page_token", {0, kMaxToken}, 0));
    if (auto refusal = query.Finish()) {
      out.refusal = Refused(*std::move(refusal));
      return out;
    }
    const Result<std::vector<ModelVersion>> versions =
        filter.ok() ? registry_.Versions("") : Result<std::vector<ModelVersion>>(filter.status());
    if (!versions.ok()) {
      out.refusal = Failed(versions.status());
      return out;
    }
    std::copy_if(versions->begin(), versions->end(), std::back_inserter(out.found),
                 [&](const ModelVersion& version) { return filter->Matches(version.name, version.run_id); });
    return out;
  }

  // A page of `all`; where more follows, its token is the place it begins at.
  static Response Page(const char* member, const Json& all, const Search& search) {
    const size_t from = std::min(search.from, all.size());
    const size_t end = from + std::min(search.limit, all.size() - from);
    Json reply = {{member, Json::array()}};
    for (size_t i = from; i < end; ++i) reply[member].push_back(all[i]);
    if (end < all.size()) reply["next_page_token"] = fmt::format("{}", end);
    return Answer(reply);
  }

  Response Moved(const Status& done) const {
    if (!done.ok()) return Failed(done);
    if (changed_) changed_();
    return Answer(Json::object());
  }

  Result<std::vector<ModelVersion>> VersionsAsked(const Request& request) const {
    auto query = http::Parameters::Query(request);
    const std::string name = query.Text("name", kName);
    if (query.Finish()) return FaultStatus(query.faults());
    return registry_.Versions(name);
  }

  Result<ModelVersion> VersionAsked(const Request& request) const {
    auto query = http::Parameters::Query(request);
    const std::string name = query.Text("name", kName);
    const std::string number = query.Text("version", kName);
    if (query.Finish()) return FaultStatus(query.faults());
    return FindVersion(registry_, name, number);
  }

  // The version's files a path lies in, and what of the path is below its top.
  Result<FileSet> FilesOf(const std::string& path, std::string* below) const {
    std::vector<std::string> parts;
    for (size_t at = 0; at <= path.size();) {
      const size_t slash = std::min(path.find('/', at), path.size());
      parts.push_back(path.substr(at, slash - at));
      at = slash + 1;
    }
    if (parts.size() < 3 || parts[0] != kModels) {
      return Status::NotFound("there is no such artifact; versions are at models/NAME/VERSION");
    }
    FW_ASSIGN_OR_RETURN(const ModelVersion version, FindVersion(registry_, parts[1], parts[2]));
    for (size_t i = 3; i < parts.size(); ++i) *below += (below->empty() ? "" : "/") + parts[i];
    return registry_.Files(version);
  }

  Registry& registry_;
  const std::function<void()> changed_;
};

}  // namespace

void MountMlflowFace(http::Router& router, Registry* registry, MlflowFaceOptions options) {
  const auto face = std::make_shared<const Face>(registry, std::move(options.changed));
  http::RouteOptions guarded;
  guarded.guard = options.guard;
  const auto add = [&](Method method, const std::string& path, Response (Face::*run)(const Request&) const) {
    router.Add(method, path,
               http::Pooled{[face, run](const Request& request) { return (*face.*run)(request); }}, guarded);
  };
  const std::string base = "/api/2.0/mlflow/";
  add(Method::kGet, base + "registered-models/get", &Face::GetModel);
  add(Method::kGet, base + "registered-models/search", &Face::SearchModels);
  add(Method::kGet, base + "registered-models/alias", &Face::GetByAlias);
  add(Method::kPost, base + "registered-models/alias", &Face::SetAlias);
  add(Method::kDelete, base + "registered-models/alias", &Face::DeleteAlias);
  add(Method::kGet, base + "model-versions/get", &Face::GetVersion);
  add(Method::kGet, base + "model-versions/search", &Face::SearchVersions);
  add(Method::kGet, base + "model-versions/get-download-uri", &Face::GetDownloadUri);
  add(Method::kGet, base + "runs/get", &Face::GetRun);
  const std::string artifacts = "/api/2.0/mlflow-artifacts/artifacts";
  add(Method::kGet, artifacts, &Face::ListFiles);
  add(Method::kGet, artifacts + "/{path...}", &Face::GetFile);
}

}  // namespace forewarn
