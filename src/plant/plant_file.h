// Reads plant files (TOML) into checked Plants. The first gate of every command: what passes here needs no
// further check of names, ranges or rules downstream. Reads files; holds no state; safe from any thread.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/status.h"
#include "plant/plant.h"
#include "plant/toml_reader.h"

namespace forewarn {

// A plant file and everything wrong with it, in file order; the plant only where nothing is.
struct PlantCheck {
  std::optional<Plant> plant;
  std::vector<Problem> problems;
};

// folder: where relative paths in the text start; empty leaves them unchecked.
PlantCheck CheckPlant(std::string_view text, const std::string& file_name,
                      const std::filesystem::path& folder = {});
PlantCheck CheckPlantFile(const std::filesystem::path& path);

// The plant, or the first problem and how many more there are.
Result<Plant> ParsePlant(std::string_view text, const std::string& file_name);
Result<Plant> LoadPlantFile(const std::filesystem::path& path);

// Folders searched for plants by name, those that exist: ./plants, the installation's share/forewarn/plants,
// and the source tree's plants where the program runs from its build folder.
std::vector<std::filesystem::path> PlantFolders();
struct PlantEntry {
  std::string name;  // the file's name without .toml
  std::filesystem::path path;
};
// Every plant file of the folders by name; the first folder that has a name wins.
std::vector<PlantEntry> ListPlants(const std::vector<std::filesystem::path>& folders);
// A name found in the folders, or a path (it ends in .toml or holds a '/'). NotFound lists the known names.
Result<std::filesystem::path> FindPlantFile(const std::string& name_or_path,
                                            const std::vector<std::filesystem::path>& folders);
Result<std::filesystem::path> FindPlantFile(const std::string& name_or_path);  // in PlantFolders()
Result<Plant> FindPlant(const std::string& name_or_path);

// The runs of models.md this plant can train ("gradient_boosting" … "forecaster_6h"), with or without labels.
std::vector<std::string> RunNames(const Plant& plant);

}  // namespace forewarn
