// The [[preset]] parts of a plant file: inputs to start from in the forms of predict and forecast. Read by
// presets.cc, shown by the API. Plain values; safe from any thread once read.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace forewarn {

class TomlReader;
struct Plant;

// Values of one hour's features, in the order of the plant's point features; the rest is imputed.
struct PredictPreset {
  std::string name;
  std::string label;
  std::vector<std::pair<std::string, double>> features;
};

// A window of hours.
struct ForecastPreset {
  std::string name;
  std::string label;
  std::vector<std::vector<double>> rows;  // oldest first, one value a sensor in Plant::Sensors order
};

struct PresetSpec {
  std::vector<PredictPreset> predict;
  std::vector<ForecastPreset> forecast;
};

// Fills plant->presets; every problem goes to the reader. After the plant's tags and features are read.
void ReadPresets(TomlReader& root, Plant* plant);

}  // namespace forewarn
