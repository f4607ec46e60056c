// Which registered names a run's model gets, and the names a plant serves: the one table of models.md, "The
// twelve runs". Pure; any thread.
#pragma once

#include <string>
#include <vector>

namespace forewarn {

// Suffixes after the plant file's prefix.
inline constexpr char kChampionSuffix[] = "champion";
inline constexpr char kPcaSuffix[] = "pca";

// "rf_soft_alarm" → {"<prefix>_rf_soft_alarm", "<prefix>_champion"}: the model's own name first.
std::vector<std::string> RegisteredNames(const std::string& prefix, const std::string& run);
// Every name a plant serves (ten on the gas plant). horizon_names: "1h", "3h", "6h".
std::vector<std::string> ServedNames(const std::string& prefix,
                                     const std::vector<std::string>& horizon_names);
std::string ForecasterName(const std::string& prefix, const std::string& horizon_name);

}  // namespace forewarn
