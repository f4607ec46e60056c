#include "ops/data_folder.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>

#include "core/file.h"
#include "core/names.h"
#include "core/version.h"
#include "ops/folder_swap.h"
#include "ops/service_lock.h"

namespace forewarn {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr char kSchemaFile[] = "forewarn.json";
constexpr char kProduct[] = "forewarn";

Status MakePrivateFolder(const fs::path& path) {
  if (path.has_parent_path()) FW_RETURN_IF_ERROR(MakeFolders(path.parent_path()));
  if (::mkdir(path.c_str(), 0700) == 0 || errno == EEXIST) return Status::Ok();
  return Status::Io(fmt::format("cannot make folder '{}': {}", path.string(), std::strerror(errno)));
}

Status RefuseNewer(const fs::path& folder, const DataSchema& found) {
  return Status::Invalid(fmt::format(
      "data folder '{}' was written by a newer forewarn ({}, layout {}; this one is {} and knows layout {}); "
      "update forewarn, or use another --data-dir",
      folder.string(), found.version, found.schema, kVersion, kDataSchema));
}

Status Replacing(const fs::path& folder) {
  return Status::Busy(fmt::format(
      "data folder '{}' is being replaced by a restore; try again when it is done", folder.string()));
}

std::string ServicesText(const fs::path& folder) {
  std::vector<std::string> names;
  for (const ServiceHolder& holder : ReadHolders(folder)) names.push_back(DescribeHolder(holder));
  return names.empty() ? "another forewarn process" : JoinNames(names);
}

}  // namespace

Result<DataSchema> ParseDataSchema(std::string_view text) {
  const Json json = Json::parse(text, nullptr, false);
  const bool ours = json.is_object() && json.contains("product") && json["product"] == kProduct &&
                    json.contains("schema") && json["schema"].is_number_integer() &&
                    json.contains("version") && json["version"].is_string();
  if (!ours) return Status::Invalid("it is not Forewarn's or damaged");
  DataSchema out;
  const auto schema = json["schema"].get<int64_t>();
  if (schema < 1 || schema > 1'000'000) return Status::Invalid(fmt::format("its schema is {}", schema));
  out.schema = static_cast<int>(schema);
  out.version = json["version"].get<std::string>();
  return out;
}

std::string DataSchemaText() {
  return Json{{"product", kProduct}, {"schema", kDataSchema}, {"version", kVersion}}.dump() + "\n";
}

Status DataFolder::Check(const fs::path& folder) {
  const fs::path path = folder / kSchemaFile;
  std::error_code ignored;
  if (!fs::exists(path, ignored)) return Status::Ok();
  FW_ASSIGN_OR_RETURN(const std::string text, ReadFile(path, 1 << 16));
  const Result<DataSchema> schema = ParseDataSchema(text);
  if (!schema.ok()) {
    return Status::Invalid(
        fmt::format("cannot use data folder '{}': {} is there, but {}; restore the folder "
                    "from a backup, or use another --data-dir",
                    folder.string(), kSchemaFile, schema.message()));
  }
  if (schema.value().schema > kDataSchema) return RefuseNewer(folder, schema.value());
  return Status::Ok();
}

Result<DataFolder> DataFolder::Open(const fs::path& folder, Use use) {
  FW_RETURN_IF_ERROR(MakePrivateFolder(folder));
  FW_RETURN_IF_ERROR(Check(folder));
  FW_RETURN_IF_ERROR(MakeFolders(folder / "run"));
  const fs::path lock_file = folder / "run" / "folder.lock";
  if (IsSwapPending(folder)) {  // a restore was killed: what it had decided is done first
    FW_ASSIGN_OR_RETURN(const auto alone, FileLock::TryTake(lock_file, FileLock::Mode::kExclusive));
    if (!alone) return Replacing(folder);
    if (IsSwapPending(folder)) FW_RETURN_IF_ERROR(FinishSwap(folder));
  }
  FW_RETURN_IF_ERROR(Check(folder));
  const auto mode = use == Use::kAlone ? FileLock::Mode::kExclusive : FileLock::Mode::kShared;
  FW_ASSIGN_OR_RETURN(std::optional<FileLock> lock, FileLock::TryTake(lock_file, mode));
  if (!lock && use == Use::kShared) return Replacing(folder);
  if (!lock) {
    return Status::Busy(fmt::format("data folder '{}' is in use by {}; stop it first", folder.string(),
                                    ServicesText(folder)));
  }
  if (!fs::exists(folder / kSchemaFile)) {
    FW_RETURN_IF_ERROR(WriteFileAtomic(folder / kSchemaFile, DataSchemaText()));
  }
  return DataFolder(folder, std::move(*lock));
}

}  // namespace forewarn
