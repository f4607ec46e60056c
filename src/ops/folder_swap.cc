#include "ops/folder_swap.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <vector>

#include "core/file.h"

namespace forewarn {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr char kRestore[] = ".restore";
constexpr char kPlan[] = "plan.json";
constexpr char kBefore[] = "before-restore-";
// Locks of living processes, and what the pipeline makes again.
constexpr std::array<const char*, 3> kStays = {"run", "features", "history"};

fs::path PlanOf(const fs::path& folder) { return folder / kRestore / kPlan; }

bool Exists(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(fs::symlink_status(path, ignored));
}

Status Move(const fs::path& from, const fs::path& to) {
  std::error_code error;
  fs::rename(from, to, error);
  if (!error) return Status::Ok();
  return Status::Io(fmt::format("cannot move '{}' to '{}': {}", from.string(), to.string(), error.message()));
}

Result<std::vector<std::string>> NamesIn(const fs::path& folder) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    names.push_back(it->path().filename().string());
  }
  if (error) {
    return Status::Io(fmt::format("cannot read folder '{}': {}", folder.string(), error.message()));
  }
  std::sort(names.begin(), names.end());
  return names;
}

bool IsPlainName(const std::string& name) {
  return !name.empty() && name != "." && name != ".." && name.find('/') == std::string::npos;
}

struct Plan {
  std::string before;  // folder that the old entries go to
  std::vector<std::string> goes, comes;
};

Result<Plan> ReadPlan(const fs::path& folder) {
  FW_ASSIGN_OR_RETURN(const std::string text, ReadFile(PlanOf(folder), 1 << 20));
  const Json json = Json::parse(text, nullptr, false);
  Plan plan;
  try {
    plan.before = json.at("before").get<std::string>();
    plan.goes = json.at("goes").get<std::vector<std::string>>();
    plan.comes = json.at("comes").get<std::vector<std::string>>();
  } catch (const Json::exception&) {
    plan.before.clear();
  }
  const auto is_plain = [](const std::vector<std::string>& names) {
    return std::all_of(names.begin(), names.end(), IsPlainName);
  };
  if (!IsPlainName(plan.before) || !is_plain(plan.goes) || !is_plain(plan.comes)) {
    return Status::Invalid(
        fmt::format("'{}' is damaged; what was restored lies beside it, what was there before "
                    "in the folder or in {}…",
                    PlanOf(folder).string(), kBefore));
  }
  return plan;
}

}  // namespace

fs::path StagingFolder(const fs::path& folder) { return folder / kRestore / "new"; }

Status BeginStaging(const fs::path& folder) {
  std::error_code error;
  fs::remove_all(folder / kRestore, error);
  if (error) {
    return Status::Io(fmt::format("cannot remove '{}': {}", (folder / kRestore).string(), error.message()));
  }
  return MakeFolders(StagingFolder(folder));
}

Status CommitStaging(const fs::path& folder, const std::string& stamp) {
  Plan plan;
  plan.before = kBefore + stamp;
  for (int n = 2; Exists(folder / plan.before); ++n) plan.before = fmt::format("{}{}-{}", kBefore, stamp, n);
  FW_ASSIGN_OR_RETURN(plan.comes, NamesIn(StagingFolder(folder)));
  FW_ASSIGN_OR_RETURN(plan.goes, NamesIn(folder));
  std::erase_if(plan.goes, [&](const std::string& name) {
    const bool staged = std::find(plan.comes.begin(), plan.comes.end(), name) != plan.comes.end();
    const bool stays = std::find(kStays.begin(), kStays.end(), name) != kStays.end();
    return name == kRestore || name.starts_with(kBefore) || (stays && !staged);
  });
  const Json json = {{"before", plan.before}, {"goes", plan.goes}, {"comes", plan.comes}};
  FW_RETURN_IF_ERROR(SyncFile(StagingFolder(folder)));
  return WriteFileAtomic(PlanOf(folder), json.dump() + "\n");
}

bool IsSwapPending(const fs::path& folder) { return Exists(PlanOf(folder)); }

// An entry that goes is always found in `before` afterwards, so what is found there is done; then what stands
// in its place came from the staging.
Status FinishSwap(const fs::path& folder, const std::function<void()>& at) {
  FW_ASSIGN_OR_RETURN(const Plan plan, ReadPlan(folder));
  const fs::path before = folder / plan.before;
  FW_RETURN_IF_ERROR(MakeFolders(before));
  const auto step = [&] {
    if (at) at();
  };
  for (const std::string& name : plan.goes) {
    if (Exists(before / name) || !Exists(folder / name)) continue;
    step();
    FW_RETURN_IF_ERROR(Move(folder / name, before / name));
  }
  FW_RETURN_IF_ERROR(SyncFile(before));
  for (const std::string& name : plan.comes) {
    if (!Exists(StagingFolder(folder) / name)) continue;
    step();
    FW_RETURN_IF_ERROR(Move(StagingFolder(folder) / name, folder / name));
  }
  FW_RETURN_IF_ERROR(SyncFile(folder));
  step();
  std::error_code error;
  fs::remove(PlanOf(folder), error);
  if (error) {
    return Status::Io(fmt::format("cannot remove '{}': {}", PlanOf(folder).string(), error.message()));
  }
  fs::remove_all(folder / kRestore, error);
  return SyncFile(folder);
}

}  // namespace forewarn
