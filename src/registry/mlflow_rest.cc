#include "registry/mlflow_rest.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/names.h"
#include "http/parameters.h"
#include "io/object_store.h"
#include "registry/json_fields.h"

namespace forewarn {
namespace {

using Json = nlohmann::json;

constexpr char kApi[] = "/api/2.0/mlflow/";
constexpr char kProxy[] = "/api/2.0/mlflow-artifacts/artifacts";
constexpr char kProxyScheme[] = "mlflow-artifacts:";
constexpr char kLoggedModelScheme[] = "models:/";
constexpr int kMaxDepth = 8;
constexpr size_t kMaxFiles = 1'000;
constexpr int kMaxPages = 10'000;

http::ClientOptions WithRepeats(http::ClientOptions options, bool repeatable) {
  options.idempotent = repeatable;
  return options;
}

// The server's words: {"error_code","message"}; a proxy in front of it may answer anything.
Status FailureOf(const http::ClientReply& reply, const std::string& where) {
  const Json body = Json::parse(reply.body, nullptr, false);
  const std::string code = TextOf(body, "error_code");
  std::string message = TextOf(body, "message");
  if (message.empty()) message = fmt::format("status {}", reply.status);
  message = fmt::format("tracking server {}: {}", where, message.substr(0, 500));
  if (code == "RESOURCE_ALREADY_EXISTS") return Status::Exists(message);
  if (code == "RESOURCE_DOES_NOT_EXIST" || reply.status == 404) return Status::NotFound(message);
  if (reply.status >= 500 || reply.status == 429) return Status::Unavailable(message);
  return Status::Invalid(message);
}

// A relative path that stays below its root.
bool IsSafePath(const std::string& path) {
  return !path.empty() && path.front() != '/' && path.find("..") == std::string::npos &&
         path.find('\\') == std::string::npos && path.find('\0') == std::string::npos;
}

std::string BaseName(const std::string& path) { return path.substr(path.rfind('/') + 1); }

}  // namespace

MlflowRest::MlflowRest(std::string base, MlflowOptions options)
    : base_(std::move(base)),
      options_(std::move(options)),
      once_(WithRepeats(options_.http, false)),
      again_(WithRepeats(options_.http, true)) {}

Result<MlflowRest> MlflowRest::Make(const std::string& base, MlflowOptions options) {
  const size_t scheme = base.find("://");
  const std::string name = base.substr(0, scheme);
  if (scheme == std::string::npos || (name != "http" && name != "https") || base.size() == scheme + 3) {
    return Status::Invalid(fmt::format("tracking server '{}' is not of the form http://host:port", base));
  }
  const std::string host = base.substr(scheme + 3, base.find('/', scheme + 3) - scheme - 3);
  if (host.find('@') != std::string::npos) {
    return Status::Invalid("a tracking server's address holds no user and password; a URL ends up in logs");
  }
  std::string trimmed = base;
  while (trimmed.ends_with('/')) trimmed.pop_back();
  return MlflowRest(std::move(trimmed), std::move(options));
}

Result<http::ClientReply> MlflowRest::Raw(const http::ClientRequest& request, bool repeatable) const {
  Result<http::ClientReply> reply = (repeatable ? again_ : once_).Send(request);
  if (!reply.ok()) return reply.status().WithPrefix("tracking server");
  if (reply->status < 200 || reply->status > 299) return FailureOf(*reply, base_);
  return reply;
}

Result<Json> MlflowRest::Send(const http::ClientRequest& request, bool repeatable) const {
  FW_ASSIGN_OR_RETURN(const http::ClientReply reply, Raw(request, repeatable));
  if (reply.body.empty()) return Json::object();
  Json body = Json::parse(reply.body, nullptr, false);
  if (!body.is_object()) {
    return Status::Unavailable(
        fmt::format("tracking server {}: its answer is not a JSON object; is it MLflow?", base_));
  }
  return body;
}

Result<Json> MlflowRest::Get(const std::string& path, const http::Pairs& query) const {
  http::ClientRequest request;
  request.url = base_ + kApi + path;
  char separator = '?';
  for (const auto& [key, value] : query) {
    request.url += fmt::format("{}{}={}", separator, key, http::EncodePercent(value));
    separator = '&';
  }
  return Send(request, true);
}

Result<Json> MlflowRest::Post(const std::string& path, const Json& body, bool repeatable) const {
  http::ClientRequest request;
  request.method = http::Method::kPost;
  request.url = base_ + kApi + path;
  request.content_type = "application/json";
  request.body = body.dump(-1, ' ', true, Json::error_handler_t::replace);
  return Send(request, repeatable);
}

Result<Json> MlflowRest::Delete(const std::string& path, const Json& body) const {
  http::ClientRequest request;
  request.method = http::Method::kDelete;
  request.url = base_ + kApi + path;
  request.content_type = "application/json";
  request.body = body.dump(-1, ' ', true, Json::error_handler_t::replace);
  return Send(request, true);
}

Result<std::vector<Json>> MlflowRest::AllPages(
    const char* key, const std::function<Result<Json>(const std::string&)>& call) const {
  std::vector<Json> out;
  std::string token;
  for (int page = 0; page < kMaxPages; ++page) {
    FW_ASSIGN_OR_RETURN(const Json reply, call(token));
    const Json& list = FieldOf(reply, key);  // an empty one is left out
    if (list.is_array()) out.insert(out.end(), list.begin(), list.end());
    token = TextOf(reply, "next_page_token");
    if (token.empty()) return out;
  }
  return Status::Unavailable(fmt::format("tracking server {}: a listing never ends", base_));
}

// mlflow-artifacts:/1/run/artifacts/model, also with a host in it, → the proxy's URL of it.
Result<std::string> MlflowRest::ProxyUrl(const std::string& artifact_uri) const {
  std::string path = artifact_uri.substr(std::string_view(kProxyScheme).size());
  if (path.starts_with("//")) {
    const size_t slash = path.find('/', 2);
    path = slash == std::string::npos ? "/" : path.substr(slash);
  }
  while (path.starts_with('/')) path.erase(0, 1);
  while (path.ends_with('/')) path.pop_back();
  if (!IsSafePath(path))
    return Status::Invalid(fmt::format("artifact URI '{}' leaves its store", artifact_uri));
  return path;
}

Status MlflowRest::PutFiles(const std::string& artifact_uri, const FileSet& files) const {
  if (IsS3Uri(artifact_uri)) {
    FW_ASSIGN_OR_RETURN(const std::unique_ptr<ObjectStore> store,
                        OpenObjectStore(artifact_uri, options_.objects));
    for (const auto& [name, bytes] : files) FW_RETURN_IF_ERROR(store->Write(name, bytes));
    return Status::Ok();
  }
  if (!artifact_uri.starts_with(kProxyScheme)) {
    return Status::Invalid(fmt::format(
        "the tracking server keeps artifacts under '{}', which can't be written from here; start it with "
        "--serve-artifacts, or with an s3:// artifact root",
        artifact_uri));
  }
  FW_ASSIGN_OR_RETURN(const std::string root, ProxyUrl(artifact_uri));
  for (const auto& [name, bytes] : files) {
    if (!IsSafePath(name)) return Status::Invalid(fmt::format("'{}' is not an artifact's path", name));
    http::ClientRequest request;
    request.method = http::Method::kPut;
    request.url = fmt::format("{}{}/{}", base_, kProxy, http::EncodePercent(root + "/" + name, "/"));
    request.content_type = "application/octet-stream";
    request.body = bytes;
    FW_ASSIGN_OR_RETURN(const http::ClientReply reply, Raw(request, true));
  }
  return Status::Ok();
}

// The proxy lists one folder at a time, by base names.
Status MlflowRest::ListProxy(const std::string& root, const std::string& below, int depth,
                             std::vector<std::string>* files) const {
  http::ClientRequest request;
  const std::string folder = below.empty() ? root : root + "/" + below;
  request.url = fmt::format("{}{}?path={}", base_, kProxy, http::EncodePercent(folder));
  FW_ASSIGN_OR_RETURN(const Json reply, Send(request, true));
  const Json& list = FieldOf(reply, "files");
  if (!list.is_array()) return Status::Ok();
  for (const Json& file : list) {
    const std::string path = BaseName(TextOf(file, "path"));
    if (!IsSafePath(path)) return Status::Invalid(fmt::format("the server lists a file '{}'", path));
    const std::string name = below.empty() ? path : below + "/" + path;
    if (FlagOf(file, "is_dir")) {
      if (depth == kMaxDepth)
        return Status::Invalid(fmt::format("artifact folders below '{}' are too deep", root));
      FW_RETURN_IF_ERROR(ListProxy(root, name, depth + 1, files));
    } else if (files->push_back(name); files->size() > kMaxFiles) {
      return Status::Invalid(fmt::format("more than {} artifacts below '{}'", kMaxFiles, root));
    }
  }
  return Status::Ok();
}

Result<FileSet> MlflowRest::GetProxyFiles(const std::string& root) const {
  std::vector<std::string> names;
  FW_RETURN_IF_ERROR(ListProxy(root, "", 0, &names));
  FileSet out;
  for (const std::string& name : names) {
    http::ClientRequest request;
    request.url = fmt::format("{}{}/{}", base_, kProxy, http::EncodePercent(root + "/" + name, "/"));
    FW_ASSIGN_OR_RETURN(http::ClientReply reply, Raw(request, true));
    out[name] = std::move(reply.body);
  }
  return out;
}

Result<FileSet> MlflowRest::GetS3Files(const std::string& uri) const {
  FW_ASSIGN_OR_RETURN(const std::unique_ptr<ObjectStore> store, OpenObjectStore(uri, options_.objects));
  FW_ASSIGN_OR_RETURN(const std::vector<std::string> keys, store->List(""));
  if (keys.size() > kMaxFiles)
    return Status::Invalid(fmt::format("more than {} artifacts below '{}'", kMaxFiles, uri));
  FileSet out;
  for (const std::string& key : keys) {
    FW_ASSIGN_OR_RETURN(out[key], store->Read(key));
  }
  return out;
}

Result<FileSet> MlflowRest::GetFiles(const std::string& artifact_uri) const {
  if (artifact_uri.starts_with(kProxyScheme)) {
    FW_ASSIGN_OR_RETURN(const std::string root, ProxyUrl(artifact_uri));
    return GetProxyFiles(root);
  }
  if (IsS3Uri(artifact_uri)) return GetS3Files(artifact_uri);
  const std::string_view logged = kLoggedModelScheme;
  if (artifact_uri.starts_with(logged)) {
    FW_ASSIGN_OR_RETURN(const Json reply,
                        Get("logged-models/" + http::EncodePercent(artifact_uri.substr(logged.size())), {}));
    const std::string uri = TextOf(FieldOf(FieldOf(reply, "model"), "info"), "artifact_uri");
    if (uri.empty() || uri.starts_with(logged)) {
      return Status::Invalid(
          fmt::format("the tracking server gives no place for the logged model '{}'", artifact_uri));
    }
    return GetFiles(uri);
  }
  return Status::Invalid(
      fmt::format("artifacts under '{}' can't be read from here; known are mlflow-artifacts: (the server's "
                  "proxy) and s3://",
                  artifact_uri));
}

}  // namespace forewarn
