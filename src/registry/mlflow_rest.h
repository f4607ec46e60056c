// MLflow's REST interface as the registry needs it: JSON calls under /api/2.0/mlflow with the server's own
// errors turned into Status, and artifact files through the server's proxy or an S3 store. Versions 2.17
// and 3.x. Blocks on the network; any thread.
#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/status.h"
#include "http/client.h"
#include "io/object_store.h"
#include "registry/registry.h"

namespace forewarn {

struct MlflowOptions {
  http::ClientOptions http;
  ObjectStoreOptions objects;  // of artifacts under s3://, which are read past the server
};

class MlflowRest {
 public:
  // base: "http://host:port", with a path where the server has one. Credentials in it are refused.
  static Result<MlflowRest> Make(const std::string& base, MlflowOptions options);

  const std::string& base() const { return base_; }

  // path below /api/2.0/mlflow/. NotFound, Exists and Invalid as the server says, Unavailable where it is
  // away or ill. A query is always tried again after a broken connection; a Post only where `repeatable`,
  // that is where a second arrival changes nothing.
  Result<nlohmann::json> Get(const std::string& path, const http::Pairs& query) const;
  Result<nlohmann::json> Post(const std::string& path, const nlohmann::json& body, bool repeatable) const;
  Result<nlohmann::json> Delete(const std::string& path, const nlohmann::json& body) const;

  // Collects `key` of every page; call(page_token) asks for one.
  Result<std::vector<nlohmann::json>> AllPages(
      const char* key,
      const std::function<Result<nlohmann::json>(const std::string& page_token)>& call) const;

  // Files under an artifact URI: mlflow-artifacts:/… (the proxy), s3://…, models:/m-… (a logged model of
  // MLflow 3).
  Status PutFiles(const std::string& artifact_uri, const FileSet& files) const;
  Result<FileSet> GetFiles(const std::string& artifact_uri) const;

 private:
  MlflowRest(std::string base, MlflowOptions options);
  Result<nlohmann::json> Send(const http::ClientRequest& request, bool repeatable) const;
  Result<http::ClientReply> Raw(const http::ClientRequest& request, bool repeatable) const;
  Result<std::string> ProxyUrl(const std::string& artifact_uri) const;
  Status ListProxy(const std::string& root, const std::string& below, int depth,
                   std::vector<std::string>* files) const;
  Result<FileSet> GetProxyFiles(const std::string& root) const;
  Result<FileSet> GetS3Files(const std::string& uri) const;

  std::string base_;
  MlflowOptions options_;
  http::Client once_;  // never tries a POST again
  http::Client again_;
};

}  // namespace forewarn
