// Where plant files are found by name.
#include <algorithm>
#include <set>

#include "core/file.h"
#include "core/names.h"
#include "plant/plant_file.h"

namespace forewarn {
namespace {

namespace fs = std::filesystem;

}  // namespace

std::vector<fs::path> PlantFolders() {
  std::error_code error;
  std::vector<fs::path> candidates = {"plants"};
  const fs::path program = fs::read_symlink("/proc/self/exe", error);
  if (!error) {
    const fs::path folder = program.parent_path();
    candidates.push_back(folder.parent_path() / "share" / "forewarn" / "plants");
    candidates.push_back(folder.parent_path().parent_path() / "plants");
  }
  std::vector<fs::path> out;
  for (const fs::path& candidate : candidates) {
    if (fs::is_directory(candidate, error)) out.push_back(candidate);
  }
  return out;
}

std::vector<PlantEntry> ListPlants(const std::vector<fs::path>& folders) {
  std::vector<PlantEntry> out;
  std::set<std::string> seen;
  for (const fs::path& folder : folders) {
    std::error_code error;
    for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
      if (it->path().extension() != ".toml" || !it->is_regular_file(error)) continue;
      const std::string name = it->path().stem().string();
      if (seen.insert(name).second) out.push_back({name, it->path()});
    }
  }
  std::sort(out.begin(), out.end(), [](const PlantEntry& a, const PlantEntry& b) { return a.name < b.name; });
  return out;
}

Result<fs::path> FindPlantFile(const std::string& name_or_path, const std::vector<fs::path>& folders) {
  const fs::path path(name_or_path);
  if (path.extension() == ".toml" || name_or_path.find('/') != std::string::npos) return path;
  std::vector<std::string> names;
  for (const PlantEntry& entry : ListPlants(folders)) {
    if (entry.name == name_or_path) return entry.path;
    names.push_back(entry.name);
  }
  return Status::NotFound(UnknownName("plant", name_or_path, names) + "; a plant file's path is taken too");
}

Result<fs::path> FindPlantFile(const std::string& name_or_path) {
  return FindPlantFile(name_or_path, PlantFolders());
}

Result<Plant> FindPlant(const std::string& name_or_path) {
  FW_ASSIGN_OR_RETURN(const fs::path path, FindPlantFile(name_or_path));
  return LoadPlantFile(path);
}

}  // namespace forewarn
