// The registry's files with any content: a model folder's MLmodel, forewarn.json and manifest.json (with
// digests that fit, so that parsing goes on behind the check), and registry.db itself. Never a crash; what
// opens verifies.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "core/file.h"
#include "model/random_models.h"
#include "registry/artifact.h"
#include "registry/local_registry.h"
#include "scoring/served_model.h"

namespace forewarn {
namespace {

FileSet WholeArtifact() {
  Model model = random_models::Named("lr_soft_alarm", ModelKind::kClassifier,
                                     LinearModel{{0, 1}, {1, 2}, {0.5, -0.5}, 0.25, true});
  auto files = PackModel(model);
  if (!files.ok()) std::abort();
  return std::move(*files);
}

// A manifest whose digests are those of the files as they are.
std::string Manifest(const FileSet& files) {
  std::string out = R"({"format":1,"sha256":{)";
  for (const auto& [name, bytes] : files) {
    if (name == kModelManifestFile) continue;
    out += (out.back() == '{' ? "\"" : ",\"") + name + "\":\"" + Sha256Hex(bytes) + "\"";
  }
  return out + "}}";
}

// A folder that loads must answer.
void Serve(Model model) {
  Plant plant;
  plant.models.prefix = "m";
  const auto served = ServedModel::Make(std::move(model), {}, plant);
  if (!served.ok()) return;
  std::vector<double> row((*served)->features());
  std::vector<size_t> imputed;
  (*served)->Impute(row, std::vector<char>(row.size(), 0), std::nullopt, &imputed);
  std::vector<double> out((*served)->predictor().outputs());
  (*served)->predictor().Score(row.data(), out.data());
  if ((*served)->explainer() != nullptr) (void)(*served)->explainer()->Explain(row.data());
}

void FuzzFolder(const char* file, std::string_view bytes) {
  static const FileSet whole = WholeArtifact();
  FileSet files = whole;
  files[file] = std::string(bytes);
  if (std::string_view(file) != kModelManifestFile) files[kModelManifestFile] = Manifest(files);
  if (auto model = UnpackModel(files); model.ok()) Serve(std::move(*model));
  (void)ReadSignatureInputs(bytes);
  files.erase(kInfoFile);
  (void)AdoptForeign(files, ModelKind::kClassifier, "x");
}

// The database as a process finds it after somebody wrote over it.
void FuzzDatabase(std::string_view bytes) {
  static const ScratchFolder scratch;
  const std::filesystem::path folder = scratch.path() / "registry";
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder / "models" / "m" / "1");
  const std::filesystem::path path = folder / "registry.db";
  if (!WriteFileAtomic(path, bytes).ok()) std::abort();
  LocalRegistryOptions options;
  options.wait_ms = 10;
  const auto registry = LocalRegistry::Open(folder, options);
  if (!registry.ok()) return;
  (void)(*registry)->Versions("");
  (void)(*registry)->Runs("");
  (void)(*registry)->Promotions("");
  (void)(*registry)->Verify();
  (void)(*registry)->Find("m");
}

}  // namespace
}  // namespace forewarn

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0] % 4) {
    case 0:
      forewarn::FuzzFolder(forewarn::kMlmodelFile, rest);
      break;
    case 1:
      forewarn::FuzzFolder(forewarn::kInfoFile, rest);
      break;
    case 2:
      forewarn::FuzzFolder(forewarn::kModelManifestFile, rest);
      break;
    default:
      forewarn::FuzzDatabase(rest);
  }
  return 0;
}
