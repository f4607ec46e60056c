// Data for the tests of src/train: the real tables where they are, else a reason to skip.
#pragma once

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "core/random.h"
#include "features/dataset.h"
#include "frame/frame.h"
#include "plant/plant_file.h"
#include "train/matrix.h"

namespace forewarn::train_test {

inline std::filesystem::path SharedData(const std::string& file) {
  return std::filesystem::path(FOREWARN_SHARED_DATA) / file;
}

// A comma-separated table of numbers whose first column is a timestamp; names lower-cased.
inline Frame ReadTable(const std::filesystem::path& path) {
  std::ifstream in(path);
  std::string line;
  std::getline(in, line);
  std::vector<std::string> names;
  std::stringstream header(line);
  for (std::string name; std::getline(header, name, ',');) {
    for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    names.push_back(name);
  }
  std::vector<PlantTime> times;
  std::vector<std::vector<double>> columns(names.size());
  while (std::getline(in, line)) {
    std::stringstream row(line);
    std::string cell;
    std::getline(row, cell, ',');
    times.push_back(ParsePlantTime(cell).value());
    for (size_t c = 1; c < names.size(); ++c) {
      columns[c].push_back(std::getline(row, cell, ',') && !cell.empty() ? std::stod(cell) : kNull);
    }
  }
  Frame out(std::move(times));
  for (size_t c = 1; c < names.size(); ++c) out.Set(names[c], std::move(columns[c]));
  return out;
}

inline Plant GasPlant() {
  return LoadPlantFile(std::filesystem::path(FOREWARN_SOURCE_DIR) / "plants/gas-treatment.toml").value();
}

inline bool HasGasData() { return std::filesystem::exists(SharedData("gas-treatment/labeled_dataset.csv")); }

inline FeatureDataset GasDataset(const Plant& plant) {
  return BuildDataset(plant, ReadTable(SharedData("gas-treatment/labeled_dataset.csv")), DatasetOptions{},
                      nullptr)
      .value();
}

// Whitespace-separated numbers, one row a line.
inline Matrix ReadNumbers(const std::filesystem::path& path) {
  std::ifstream in(path);
  Matrix out;
  for (std::string line; std::getline(in, line);) {
    std::stringstream cells(line);
    size_t columns = 0;
    for (double v; cells >> v; ++columns) out.values.push_back(v);
    if (columns == 0) continue;
    out.columns = columns;
    ++out.rows;
  }
  return out;
}

// Two overlapping clouds: `columns` standard normals, label 1 where the first two lean high.
inline Samples TwoClouds(size_t rows, size_t columns, uint64_t seed) {
  Random random(seed);
  Samples out;
  out.x = Matrix(rows, columns);
  for (double& v : out.x.values) v = random.Normal();
  for (size_t r = 0; r < rows; ++r) {
    out.y.push_back(out.x.at(r, 0) + 0.5 * out.x.at(r, 1) + random.Normal() > 0.5 ? 1 : 0);
  }
  return out;
}

}  // namespace forewarn::train_test
