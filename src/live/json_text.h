// Pieces of the live service's JSON. Numbers are the shortest text that reads back equal; what is not finite
// is null. Pure; any thread.
#pragma once

#include <string>
#include <vector>

#include "live/scorer_replies.h"

namespace forewarn {

std::string NumberText(double value);
std::string DriversText(const std::vector<Driver>& drivers);  // [{"feature","value","shap_value"}]
std::string ModelText(const ModelTag& model);                 // {"name","version","skill"}; null without one

}  // namespace forewarn
