#include "features/dataset.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/file.h"
#include "features/block.h"
#include "features/smote.h"

namespace forewarn {
namespace {

constexpr double kSyntheticRegime = 2;

std::string_view Bytes(const void* data, size_t size) { return {static_cast<const char*>(data), size}; }

std::vector<uint8_t> LabelsOf(const Frame& table) {
  std::vector<uint8_t> out;
  out.reserve(table.rows());
  for (const double cell : table[kLabelColumn]) out.push_back(cell == 1 ? 1 : 0);
  return out;
}

void AddSmote(const DatasetOptions& options, FeatureDataset& set) {
  const Frame& train = set.train;
  std::vector<size_t> inputs;
  for (size_t c = 0; c < train.columns(); ++c) {
    if (train.names()[c] != kLabelColumn) inputs.push_back(c);
  }
  std::vector<double> values(train.rows() * inputs.size());
  for (size_t r = 0; r < train.rows(); ++r) {
    for (size_t i = 0; i < inputs.size(); ++i) values[r * inputs.size() + i] = train.at(inputs[i])[r];
  }
  const SmoteResult smote =
      Smote(values, inputs.size(), LabelsOf(train), options.smote_neighbours, options.seed);
  set.smote_applied = smote.applied;
  set.smote_note = smote.note;
  std::vector<PlantTime> times = train.times();
  times.resize(smote.labels.size(), kNoTime);
  Frame out(std::move(times));
  for (const std::string& name : train.names()) out.Set(name);
  for (size_t r = 0; r < out.rows(); ++r) {
    for (size_t i = 0; i < inputs.size(); ++i) out.at(inputs[i])[r] = smote.values[r * inputs.size() + i];
    out[kLabelColumn][r] = smote.labels[r];
  }
  if (out.Has(kRegimeColumn)) {
    std::vector<double>& regime = out[kRegimeColumn];
    std::fill(regime.begin() + static_cast<std::ptrdiff_t>(train.rows()), regime.end(),
              smote.minority == 1 ? kSyntheticRegime : 0);
  }
  set.train_smote = std::move(out);
}

}  // namespace

bool IsFilledColumn(std::string_view name) { return name == kFilledColumn || name.starts_with("filled_"); }

std::string TableDigest(const Frame& table) {
  std::string parts = Sha256Hex(Bytes(table.times().data(), table.rows() * sizeof(PlantTime)));
  for (size_t c = 0; c < table.columns(); ++c) {
    std::vector<double> cells = table.at(c);
    for (double& cell : cells) {
      if (!IsValid(cell)) cell = kNull;  // one bit pattern for a null
    }
    parts += fmt::format("\n{} {}", table.names()[c],
                         Sha256Hex(Bytes(cells.data(), cells.size() * sizeof(double))));
  }
  return Sha256Hex(parts);
}

Result<FeatureDataset> BuildDataset(const Plant& plant, const Frame& labelled, const DatasetOptions& options,
                                    NormaliseReport* report) {
  FeatureDataset set;
  set.plant = plant.name;
  set.digest = TableDigest(labelled);
  set.labelled = labelled.Has(kLabelColumn);
  if (!set.labelled && !plant.label.empty()) {
    return Status::Invalid(
        fmt::format("the table has no '{}' column; run 'forewarn label' on it first", kLabelColumn));
  }
  const auto train_rows = static_cast<size_t>(static_cast<double>(labelled.rows()) * options.train_share);
  if (train_rows == 0 || train_rows == labelled.rows()) {
    return Status::Invalid(fmt::format(
        "the table has {} rows; a training and a validation part need at least 2", labelled.rows()));
  }
  const BlockPlace whole = {0, 0, labelled.rows(), labelled.rows(), train_rows};
  FW_ASSIGN_OR_RETURN(FeatureBlock block, BuildBlock(plant, labelled, whole, {}, report));
  set.train = block.features.Slice(0, train_rows);
  set.valid = block.features.Slice(train_rows, labelled.rows());
  set.notes = std::move(block.notes);
  set.horizons = std::move(block.horizons);
  for (size_t h = 0; h < set.horizons.size(); ++h) {
    if (block.left_out[h] == 0) continue;
    set.notes.push_back(
        fmt::format("{} windows of {} left out: their rows hold cells filled from later readings",
                    block.left_out[h], set.horizons[h].name));
  }
  if (set.labelled) AddSmote(options, set);
  return set;
}

}  // namespace forewarn
