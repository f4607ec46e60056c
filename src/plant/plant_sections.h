// The sections of a plant file, one by one: types, ranges, names. What sections must agree on is checked
// afterwards by plant_file.cc. Internal to src/plant.
#pragma once

#include <filesystem>

#include "plant/plant.h"
#include "plant/toml_reader.h"

namespace forewarn {

// Fills *plant; every problem goes to the reader. folder: where the suite's relative path starts; empty =
// unchecked.
void ReadPlantSections(TomlReader& root, const std::filesystem::path& folder, Plant* plant);

}  // namespace forewarn
