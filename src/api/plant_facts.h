// What the page needs to know of the plant to draw its forms: sensors, features with labels, units and bands,
// horizons, presets. JSON of GET /plant and /presets. Pure; any thread.
#pragma once

#include <string>

#include "plant/plant.h"

namespace forewarn {

struct FeatureFacts {
  std::string name;
  std::string label;
  std::string unit;
  double low = kNull;
  double high = kNull;
  const char* group = "other";  // sensor, output, setpoint, deviation, time, rolling, change, other
};
FeatureFacts DescribeFeature(const Plant& plant, const std::string& name);

std::string PlantJson(const Plant& plant, double seconds_per_hour);
std::string PresetsJson(const Plant& plant);

}  // namespace forewarn
