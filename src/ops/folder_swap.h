// Replacing what a data folder holds by something prepared beside it, as if at once: everything is staged in
// FOLDER/.restore/new and a plan is written; from then on the swap is only ever finished, by whoever opens
// the folder next. Within the folder, so that it works where the folder is a mount point. For the holder of
// the folder's lock, alone (ops/data_folder.h).
#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "core/status.h"

namespace forewarn {

std::filesystem::path StagingFolder(const std::filesystem::path& folder);  // FOLDER/.restore/new
// Removes what an unfinished staging left (no plan was written: nothing has happened) and makes it anew.
Status BeginStaging(const std::filesystem::path& folder);
// Writes the plan: the entries of the folder that go (all but locks and what can be made again) end in
// FOLDER/before-restore-<stamp>/, those staged take their place. Everything staged must be synced.
Status CommitStaging(const std::filesystem::path& folder, const std::string& stamp);
bool IsSwapPending(const std::filesystem::path& folder);
// Does what the plan says and has not been done yet. at: test hook, called before every rename.
Status FinishSwap(const std::filesystem::path& folder, const std::function<void()>& at = {});

}  // namespace forewarn
