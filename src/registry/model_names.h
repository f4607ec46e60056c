// The registered names a plant serves (models.md, "The twelve runs"). Which run's model goes under which name
// is train/run_spec.h's. Pure; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "model/model.h"

namespace forewarn {

// Suffixes after the plant file's prefix.
inline constexpr char kChampionSuffix[] = "champion";
inline constexpr char kPcaSuffix[] = "pca";

// Every name a plant serves (ten on the gas plant). horizon_names: "1h", "3h", "6h".
std::vector<std::string> ServedNames(const std::string& prefix,
                                     const std::vector<std::string>& horizon_names);
std::string ForecasterName(const std::string& prefix, const std::string& horizon_name);
// What a model under this name has to be, for one that does not say so itself (made elsewhere).
ModelKind KindOfName(std::string_view name);

}  // namespace forewarn
