#include "registry/registry.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace forewarn {
namespace {

bool AllOf(std::string_view text, std::string_view extra) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           extra.find(c) != std::string_view::npos;
  });
}

bool IsNumber(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// "versions 1, 2 (champion), 3", the last twenty of them.
std::string ListVersions(const std::vector<ModelVersion>& versions) {
  std::string out;
  const size_t first = versions.size() > 20 ? versions.size() - 20 : 0;
  for (size_t i = first; i < versions.size(); ++i) {
    out += fmt::format("{}{}", i == first ? "" : ", ", versions[i].version);
    for (const std::string& alias : versions[i].aliases) out += fmt::format(" (@{})", alias);
  }
  return out;
}

}  // namespace

bool ModelVersion::Has(std::string_view alias) const {
  return std::find(aliases.begin(), aliases.end(), alias) != aliases.end();
}

std::string ModelVersion::Skill() const {
  const auto it = tags.find(kSkillTag);
  return it == tags.end() ? "not judged" : it->second;
}

Status CheckModelName(const std::string& name) {
  if (AllOf(name, "_.-") && name.size() <= 200 && name.front() != '.') return Status::Ok();
  return Status::Invalid(
      fmt::format("'{}' is not a model name; letters, digits, '_', '-' and '.' are allowed, at most 200",
                  name.substr(0, 80)));
}

Status CheckAlias(const std::string& alias) {
  const bool version_like =
      alias.size() > 1 && (alias[0] == 'v' || alias[0] == 'V') && IsNumber(alias.substr(1));
  if (AllOf(alias, "_-") && alias.size() <= 255 && alias != "latest" && !version_like) return Status::Ok();
  return Status::Invalid(fmt::format(
      "'{}' is not an alias; letters, digits, '_' and '-' are allowed, but not 'latest' or v1, v2, …",
      alias.substr(0, 80)));
}

std::string ModelRefText(const std::string& name, int version) { return fmt::format("{}:{}", name, version); }

Result<ModelRef> ParseModelRef(const std::string& text) {
  ModelRef ref;
  const size_t at = text.find_first_of("@:");
  ref.name = text.substr(0, at);
  FW_RETURN_IF_ERROR(CheckModelName(ref.name));
  if (at == std::string::npos) return ref;
  const std::string rest = text.substr(at + 1);
  if (text[at] == '@') {
    FW_RETURN_IF_ERROR(CheckAlias(rest));
    ref.alias = rest;
    return ref;
  }
  const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), ref.version);
  if (error != std::errc() || end != rest.data() + rest.size() || ref.version < 1) {
    return Status::Invalid(
        fmt::format("'{}' is not a version number (in '{}'); write NAME, NAME@alias or NAME:3",
                    rest.substr(0, 40), text.substr(0, 80)));
  }
  return ref;
}

Result<ModelVersion> Registry::Find(const std::string& ref) {
  FW_ASSIGN_OR_RETURN(const ModelRef parsed, ParseModelRef(ref));
  return Find(parsed);
}

Result<ModelVersion> Registry::Find(const ModelRef& ref) {
  FW_ASSIGN_OR_RETURN(std::vector<ModelVersion> versions, Versions(ref.name));
  if (versions.empty()) return Status::NotFound(fmt::format("model '{}' has no version yet", ref.name));
  const bool free = ref.alias.empty() && ref.version == 0;
  const std::string alias = free ? kChampionAlias : ref.alias;
  for (ModelVersion& v : versions) {
    if (ref.version != 0 ? v.version == ref.version : v.Has(alias)) return std::move(v);
  }
  if (free) return std::move(versions.back());
  const std::string what =
      ref.version != 0 ? fmt::format("version {}", ref.version) : fmt::format("alias '{}'", ref.alias);
  return Status::NotFound(
      fmt::format("model '{}' has no {}; it has versions {}", ref.name, what, ListVersions(versions)));
}

}  // namespace forewarn
