// Reading and writing a FileSet as a folder: what versions and exports are on disk. No symbolic links, no
// surprises in size. Safe from any thread.
#pragma once

#include <filesystem>

#include "registry/registry.h"

namespace forewarn {

// Every regular file below the folder, by relative path with '/'. Invalid for symbolic links, devices, more
// than 1,000 files or 1 GiB; NotFound where there is no such folder.
Result<FileSet> ReadFileSet(const std::filesystem::path& folder);
// Writes into a folder that does not exist yet (its parent is made), each file and folder fsynced. Paths are
// checked: relative, no "..". On failure the folder is removed again.
Status WriteFileSet(const std::filesystem::path& folder, const FileSet& files);

}  // namespace forewarn
