#include "scoring_model.h"

#include <fmt/format.h>

#include "core/names.h"
#include "model/model_info.h"
#include "registry/artifact.h"

namespace forewarn::python {
namespace {

// A registry of the one version that a folder holds. It cannot be written.
class OneVersion final : public Registry {
 public:
  OneVersion(ModelVersion version, FileSet files) : version_(std::move(version)), files_(std::move(files)) {}

  std::string Uri() const override { return "folder"; }
  Result<std::string> LogRun(const RunRecord&) override { return ReadOnly(); }
  Result<RunRecord> GetRun(const std::string& id) override { return Unknown("run", id); }
  Result<std::vector<RunRecord>> Runs(const std::string&) override { return std::vector<RunRecord>(); }
  Result<ModelVersion> AddVersion(const NewVersion&) override { return ReadOnly(); }
  Result<std::vector<ModelVersion>> Versions(const std::string& name) override {
    if (!name.empty() && name != version_.name) return Unknown("model", name);
    return std::vector<ModelVersion>{version_};
  }
  Result<FileSet> Files(const ModelVersion&) override { return files_; }
  Status SetTag(const std::string&, int, const std::string&, const std::string&) override {
    return ReadOnly();
  }
  Status SetAlias(const std::string&, const std::string&, int) override { return ReadOnly(); }
  Status Promote(const PromotionEvent&) override { return ReadOnly(); }
  Result<std::vector<PromotionEvent>> Promotions(const std::string&) override {
    return std::vector<PromotionEvent>();
  }
  Result<uint64_t> Revision() override { return uint64_t{1}; }
  Result<VerifyReport> Verify() override { return VerifyReport{1, {}}; }

 private:
  static Status ReadOnly() { return Status::Invalid("a folder is no registry and cannot be written"); }
  Status Unknown(const char* kind, const std::string& name) const {
    return Status::NotFound(UnknownName(kind, name, {version_.name}));
  }

  ModelVersion version_;
  FileSet files_;
};

}  // namespace

Result<std::shared_ptr<const ScoringModel>> ScoringModel::FromRegistry(Registry& registry,
                                                                       const std::string& ref,
                                                                       std::shared_ptr<const Plant> plant,
                                                                       const ScoringOptions& options) {
  if (options.confidence != 0.95 && options.confidence != 0.99) {
    return Status::Usage(fmt::format("confidence is {}; it must be .95 or .99", options.confidence));
  }
  FW_ASSIGN_OR_RETURN(const ModelRef parsed, ParseModelRef(ref));
  const Result<ModelVersion> found = registry.Find(parsed);
  if (!found.ok()) return found.status().WithPrefix(fmt::format("registry {}", registry.Uri()));
  std::shared_ptr<ScoringModel> out(new ScoringModel());
  EngineOptions engine_options;
  engine_options.champion = parsed.name;
  engine_options.alarm_threshold = options.threshold;
  engine_options.confidence = options.confidence;
  engine_options.only = {ref};
  auto engine = std::make_unique<ScoringEngine>(*plant, engine_options);
  FW_RETURN_IF_ERROR(engine->Reload(registry).status());
  FW_ASSIGN_OR_RETURN(out->served_, engine->Find(parsed.name));
  FW_ASSIGN_OR_RETURN(out->files_, registry.Files(*found));
  out->plant_ = std::move(plant);
  out->engine_ = std::move(engine);
  out->name_ = parsed.name;
  out->options_ = options;
  return std::shared_ptr<const ScoringModel>(std::move(out));
}

Result<std::shared_ptr<const ScoringModel>> ScoringModel::FromFiles(const FileSet& files,
                                                                    const std::string& name, int version,
                                                                    std::shared_ptr<const Plant> plant,
                                                                    const ScoringOptions& options) {
  FW_RETURN_IF_ERROR(UnpackModel(files).status());  // in its own words, before the engine's
  ModelVersion row;
  row.name = name;
  row.version = version;
  OneVersion registry(std::move(row), files);
  return FromRegistry(registry, name, std::move(plant), options);
}

Result<std::string> PlantOfFiles(const FileSet& files) {
  FW_ASSIGN_OR_RETURN(const Model model, UnpackModel(files));
  return model.info.plant;
}

}  // namespace forewarn::python
