#include "registry/cached_registry.h"

#include <fmt/format.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "core/file.h"
#include "core/log.h"
#include "registry/file_set.h"
#include "registry/json_fields.h"

namespace forewarn {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

Json ToJson(const ModelVersion& version) {
  return {{"name", version.name},         {"version", version.version},       {"run_id", version.run_id},
          {"run_name", version.run_name}, {"created_us", version.created_us}, {"aliases", version.aliases},
          {"tags", version.tags},         {"metrics", version.metrics},       {"digest", version.digest}};
}

ModelVersion FromJson(const Json& json) {
  ModelVersion out;
  out.name = TextOf(json, "name");
  out.version = static_cast<int>(IntegerOf(json, "version"));
  out.run_id = TextOf(json, "run_id");
  out.run_name = TextOf(json, "run_name");
  out.created_us = IntegerOf(json, "created_us");
  out.digest = TextOf(json, "digest");
  if (const Json& aliases = FieldOf(json, "aliases"); aliases.is_array()) {
    for (const Json& alias : aliases) {
      if (alias.is_string()) out.aliases.push_back(alias.get<std::string>());
    }
  }
  if (const Json& tags = FieldOf(json, "tags"); tags.is_object()) {
    for (const auto& [key, value] : tags.items()) {
      if (value.is_string()) out.tags[key] = value.get<std::string>();
    }
  }
  if (const Json& metrics = FieldOf(json, "metrics"); metrics.is_object()) {
    for (const auto& [key, value] : metrics.items()) {
      if (value.is_number()) out.metrics[key] = value.get<double>();
    }
  }
  return out;
}

}  // namespace

CachedRegistry::CachedRegistry(std::unique_ptr<Registry> origin, fs::path folder)
    : origin_(std::move(origin)), folder_(std::move(folder)) {}

fs::path CachedRegistry::ListingPath(const std::string& name) const {
  return folder_ / fmt::format("versions-{}.json", Sha256Hex(origin_->Uri() + "\n" + name).substr(0, 32));
}

// Without a digest (another client's version) its number must do: a version's files never change on a
// tracking server.
fs::path CachedRegistry::FilesPath(const ModelVersion& version) const {
  const std::string key = version.digest.empty()
                              ? Sha256Hex(fmt::format("{}\n{}\n{}\n{}", origin_->Uri(), version.name,
                                                      version.version, version.run_id))
                              : Sha256Hex(version.digest);
  return folder_ / "files" / key;
}

bool CachedRegistry::IsAway(const Status& status) {
  if (status.code() != Code::kUnavailable) return false;
  if (!away_.exchange(true)) {
    Log(LogLevel::kWarning, "registry", status.message() + "; the models in service stay");
  }
  return true;
}

void CachedRegistry::IsBack() {
  if (away_.exchange(false)) Log(LogLevel::kInfo, "registry", "reachable again", {{"url", origin_->Uri()}});
}

Result<std::vector<ModelVersion>> CachedRegistry::Versions(const std::string& name) {
  Result<std::vector<ModelVersion>> versions = origin_->Versions(name);
  if (versions.ok()) {
    IsBack();
    Json list = Json::array();
    for (const ModelVersion& version : *versions) list.push_back(ToJson(version));
    const std::string text = list.dump(-1, ' ', true, Json::error_handler_t::replace);
    FW_RETURN_IF_ERROR(MakeFolders(folder_));
    const Result<std::string> before = ReadFile(ListingPath(name));
    if (!before.ok() || *before != text) FW_RETURN_IF_ERROR(WriteFileAtomic(ListingPath(name), text));
    return versions;
  }
  if (!IsAway(versions.status())) return versions;
  const Result<std::string> text = ReadFile(ListingPath(name));
  const Json list = text.ok() ? Json::parse(*text, nullptr, false) : Json();
  if (!list.is_array()) return versions;
  std::vector<ModelVersion> out;
  for (const Json& each : list) out.push_back(FromJson(each));
  return out;
}

Result<FileSet> CachedRegistry::Files(const ModelVersion& version) {
  const fs::path path = FilesPath(version);
  if (Result<FileSet> kept = ReadFileSet(path); kept.ok()) {
    // Kept whole (WriteFileSet) under a name of its own; a file altered since is found by its manifest when
    // it is loaded.
    const auto manifest = kept->find("manifest.json");
    if (version.digest.empty() || (manifest != kept->end() && Sha256Hex(manifest->second) == version.digest))
      return kept;
  }
  FW_ASSIGN_OR_RETURN(FileSet files, origin_->Files(version));
  IsBack();
  const fs::path staging =
      folder_ / "files" / fmt::format(".tmp-{}-{}", ::getpid(), path.filename().string());
  std::error_code ignored;
  fs::remove_all(staging, ignored);
  FW_RETURN_IF_ERROR(WriteFileSet(staging, files));
  fs::remove_all(path, ignored);
  fs::rename(staging, path, ignored);  // another process may have been faster: its copy is the same
  fs::remove_all(staging, ignored);
  return files;
}

Result<uint64_t> CachedRegistry::Revision() {
  const Result<uint64_t> revision = origin_->Revision();
  if (revision.ok()) {
    IsBack();
    revision_ = *revision;
    return revision;
  }
  if (!IsAway(revision.status())) return revision;
  return revision_.load();
}

}  // namespace forewarn
