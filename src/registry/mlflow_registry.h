// MlflowRegistry: the Registry on an MLflow tracking server, 2.17 or 3.x, over REST. What it stores is what
// MLflow's own clients read: runs with parameters, metrics, dataset inputs and report files; registered
// models whose versions are folders in MLflow's layout; aliases; tags. Promotions are tags of the registered
// model. A version's digest and its run's name are tags of the version. Calls block on the network; any
// thread.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "registry/mlflow_rest.h"
#include "registry/registry.h"

namespace forewarn {

class MlflowRegistry final : public Registry {
 public:
  // uri: "http://host:port". The server is not asked until the first call.
  static Result<std::unique_ptr<Registry>> Open(const std::string& uri, MlflowOptions options = {});

  std::string Uri() const override { return rest_.base(); }
  Result<std::string> LogRun(const RunRecord& run) override;
  Result<RunRecord> GetRun(const std::string& id) override;
  Result<std::vector<RunRecord>> Runs(const std::string& experiment) override;
  Result<ModelVersion> AddVersion(const NewVersion& version) override;
  Result<std::vector<ModelVersion>> Versions(const std::string& name) override;
  Result<FileSet> Files(const ModelVersion& version) override;
  Status SetTag(const std::string& name, int version, const std::string& key,
                const std::string& value) override;
  Status SetAlias(const std::string& name, const std::string& alias, int version) override;
  // MLflow has no compare-and-set: between the look at the champion and the change another process may come
  // in.
  Status Promote(const PromotionEvent& event) override;
  Result<std::vector<PromotionEvent>> Promotions(const std::string& name) override;
  // Over names, newest versions and aliases.
  Result<uint64_t> Revision() override;
  Result<VerifyReport> Verify() override;

 private:
  explicit MlflowRegistry(MlflowRest rest) : rest_(std::move(rest)) {}
  Result<std::string> ExperimentId(const std::string& name);
  Result<nlohmann::json> FetchRun(const std::string& id);
  Status LogRunContent(const RunRecord& run, const std::string& id, const std::string& artifact_uri);
  Result<std::vector<nlohmann::json>> RegisteredModels();
  Result<std::vector<ModelVersion>> VersionsOf(const nlohmann::json& registered_model);
  // A finished run does not change: its metrics are kept.
  Result<std::map<std::string, double>> MetricsOf(const std::string& run_id);

  MlflowRest rest_;
  std::mutex mutex_;
  std::map<std::string, std::map<std::string, double>> metrics_;
};

}  // namespace forewarn
