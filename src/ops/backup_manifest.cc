#include "ops/backup_manifest.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "core/names.h"
#include "core/version.h"
#include "ops/data_folder.h"

namespace forewarn {
namespace {

using Json = nlohmann::ordered_json;

constexpr char kProduct[] = "forewarn-backup";
constexpr uint64_t kLargestFile = uint64_t{1} << 40;

bool IsSafePath(const std::string& path) {
  if (path.empty() || path.size() > 1024 || !IsValidUtf8(path)) return false;
  size_t begin = 0;
  while (begin <= path.size()) {
    const size_t end = std::min(path.find('/', begin), path.size());
    const std::string_view part = std::string_view(path).substr(begin, end - begin);
    if (part.empty() || part == "." || part == "..") return false;
    for (const char c : part) {
      if (static_cast<unsigned char>(c) < ' ' || c == '\\') return false;
    }
    begin = end + 1;
  }
  return true;
}

bool IsSha256(const std::string& text) {
  return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string::npos;
}

Status Damaged(const std::string& why) { return Status::Invalid("its table of contents is damaged: " + why); }

Status TakeFile(const Json& entry, std::set<std::string>* seen, BackupManifest* out) {
  BackupFile file;
  file.path = entry.at("path").get<std::string>();
  if (!entry.at("bytes").is_number_unsigned()) return Damaged("a size is no number");
  file.bytes = entry.at("bytes").get<uint64_t>();
  file.sha256 = entry.at("sha256").get<std::string>();
  file.secret = entry.at("secret").get<bool>();
  if (!IsSafePath(file.path)) return Damaged("a path in it would leave the folder");
  if (!seen->insert(file.path).second) return Damaged("'" + file.path + "' stands in it twice");
  if (!IsSha256(file.sha256) || file.bytes > kLargestFile) return Damaged("'" + file.path + "'");
  out->files.push_back(std::move(file));
  return Status::Ok();
}

Status Take(const Json& json, BackupManifest* out) {
  out->format = json.at("format").get<int>();
  out->schema = json.at("schema").get<int>();
  out->version = json.at("version").get<std::string>();
  out->created = json.at("created").get<std::string>();
  if (out->format > kBackupFormat || out->schema > kDataSchema) {
    return Status::Invalid(
        fmt::format("it was written by a newer forewarn ({}, format {}, data layout {}; this one is {} and "
                    "knows format {}, layout {}); update forewarn",
                    out->version, out->format, out->schema, kVersion, kBackupFormat, kDataSchema));
  }
  if (out->format < 1 || out->schema < 1) return Damaged("its format is unknown");
  std::set<std::string> seen;
  for (const Json& entry : json.at("files")) FW_RETURN_IF_ERROR(TakeFile(entry, &seen, out));
  for (const Json& note : json.at("notes")) out->notes.push_back(note.get<std::string>());
  return Status::Ok();
}

}  // namespace

std::string BackupManifestText(const BackupManifest& manifest) {
  Json files = Json::array();
  for (const BackupFile& file : manifest.files) {
    files.push_back(
        {{"path", file.path}, {"bytes", file.bytes}, {"sha256", file.sha256}, {"secret", file.secret}});
  }
  const Json json = {{"product", kProduct},         {"format", manifest.format},
                     {"schema", manifest.schema},   {"version", manifest.version},
                     {"created", manifest.created}, {"files", files},
                     {"notes", manifest.notes}};
  return json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

Result<BackupManifest> ParseBackupManifest(std::string_view text) {
  const Json json = Json::parse(text, nullptr, false);
  if (!json.is_object() || !json.contains("product") || json["product"] != kProduct) {
    return Status::Invalid("it is no backup of Forewarn");
  }
  BackupManifest out;
  try {
    FW_RETURN_IF_ERROR(Take(json, &out));
  } catch (const Json::exception&) {
    return Damaged("a field is missing or of another type");
  }
  return out;
}

}  // namespace forewarn
