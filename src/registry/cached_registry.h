// CachedRegistry: a registry that is elsewhere, with a copy at hand of what was last read from it. Files are
// kept by their digest, listings as they were last told; while the server is away both are given from the
// copy, so that a service starts and keeps serving. Everything that writes goes to the server alone. Any
// thread; several processes may share a cache.
#pragma once

#include <atomic>
#include <filesystem>
#include <memory>

#include "registry/registry.h"

namespace forewarn {

class CachedRegistry final : public Registry {
 public:
  // folder is made at the first write. A damaged copy counts as none.
  CachedRegistry(std::unique_ptr<Registry> origin, std::filesystem::path folder);

  // True after a call that was answered from the copy, until the server answers again.
  bool away() const { return away_; }

  std::string Uri() const override { return origin_->Uri(); }
  Result<std::string> LogRun(const RunRecord& run) override { return origin_->LogRun(run); }
  Result<RunRecord> GetRun(const std::string& id) override { return origin_->GetRun(id); }
  Result<std::vector<RunRecord>> Runs(const std::string& experiment) override {
    return origin_->Runs(experiment);
  }
  Result<ModelVersion> AddVersion(const NewVersion& version) override { return origin_->AddVersion(version); }
  Result<std::vector<ModelVersion>> Versions(const std::string& name) override;
  Result<FileSet> Files(const ModelVersion& version) override;
  Status SetTag(const std::string& name, int version, const std::string& key,
                const std::string& value) override {
    return origin_->SetTag(name, version, key, value);
  }
  Status SetAlias(const std::string& name, const std::string& alias, int version) override {
    return origin_->SetAlias(name, alias, version);
  }
  Status Promote(const PromotionEvent& event) override { return origin_->Promote(event); }
  Result<std::vector<PromotionEvent>> Promotions(const std::string& name) override {
    return origin_->Promotions(name);
  }
  // While the server is away: the last one it told.
  Result<uint64_t> Revision() override;
  Result<VerifyReport> Verify() override { return origin_->Verify(); }

 private:
  std::filesystem::path ListingPath(const std::string& name) const;
  std::filesystem::path FilesPath(const ModelVersion& version) const;
  // Whether a failure means that the server cannot be asked; both changes are said in the log, once.
  bool IsAway(const Status& status);
  void IsBack();

  std::unique_ptr<Registry> origin_;
  std::filesystem::path folder_;
  std::atomic<bool> away_ = false;
  std::atomic<uint64_t> revision_ = 0;
};

}  // namespace forewarn
