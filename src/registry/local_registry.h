// LocalRegistry: the embedded Registry, a folder with `registry.db` (SQLite) and `models/<name>/<version>/…`.
// A version is staged in `models/<name>/.tmp-*`, fsynced, renamed under the database's write lock, then its
// row is committed: kill -9 at any moment leaves a version whole or absent. What a dead process left behind
// is swept at open, what a living one is staging is not. Safe from any thread; several processes may use one
// folder.
#pragma once

#include <functional>
#include <mutex>

#include "registry/registry.h"
#include "registry/sqlite.h"

namespace forewarn {

struct LocalRegistryOptions {
  int wait_ms = 15'000;                 // for another process' lock, then kBusy naming it
  std::function<int64_t()> now_us;      // UTC microseconds; the system's clock by default
  std::function<void(const char*)> at;  // test hook: called at the named steps of AddVersion
};

class LocalRegistry final : public Registry {
 public:
  // Makes the folder if need be. Refuses a registry written by a newer schema, in words.
  static Result<std::unique_ptr<Registry>> Open(const std::filesystem::path& folder,
                                                LocalRegistryOptions options = {});

  std::string Uri() const override;
  Result<std::string> LogRun(const RunRecord& run) override;
  Result<RunRecord> GetRun(const std::string& id) override;
  Result<std::vector<RunRecord>> Runs(const std::string& experiment) override;
  Result<ModelVersion> AddVersion(const NewVersion& version) override;
  Result<std::vector<ModelVersion>> Versions(const std::string& name) override;
  Result<FileSet> Files(const ModelVersion& version) override;
  Status SetTag(const std::string& name, int version, const std::string& key,
                const std::string& value) override;
  Status SetAlias(const std::string& name, const std::string& alias, int version) override;
  Status Promote(const PromotionEvent& event) override;
  Result<std::vector<PromotionEvent>> Promotions(const std::string& name) override;
  Result<uint64_t> Revision() override;
  Result<VerifyReport> Verify() override;

 private:
  LocalRegistry(std::filesystem::path folder, Database db, LocalRegistryOptions options)
      : folder_(std::move(folder)), db_(std::move(db)), options_(std::move(options)) {}

  void At(const char* step) const;
  std::filesystem::path VersionFolder(const std::string& name, int version) const;
  Status Sweep();
  // The rest expects mutex_ to be held, or the object not to be shared yet.
  Status SweepNumbered();
  Status CommitStaged(const std::filesystem::path& staging, const NewVersion& version, ModelVersion& row);
  Status InsertVersion(const NewVersion& version, const ModelVersion& row);
  Status WriteAlias(const std::string& name, const std::string& alias, int version);
  Status CheckVersionExists(const std::string& name, int version);
  Status InsertRunDetails(const RunRecord& run, const std::string& id);
  Status ReadRunDetails(RunRecord& run);
  Result<std::vector<RunRecord>> ReadRuns(const char* where, const std::string& value);
  Result<std::vector<std::string>> ModelNames();
  Result<std::vector<ModelVersion>> ReadVersions(const std::string& name);
  Result<int> ChampionOf(const std::string& name);

  std::filesystem::path folder_;
  std::mutex mutex_;
  Database db_;
  LocalRegistryOptions options_;
};

}  // namespace forewarn
