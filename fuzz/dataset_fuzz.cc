// A stored feature set made of hostile bytes is refused in words, or is a whole set: its parts fit each
// other. The input is a manifest, or, after a zero byte, one of the files of a good set with a manifest whose
// digests fit.
#include <cstdint>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/file.h"
#include "pipeline/dataset_files.h"

namespace forewarn {
namespace {

FeatureDataset SmallDataset() {
  Plant plant;
  plant.name = "toy";
  plant.tags.emplace_back().id = "p";
  plant.features.window = 2;
  plant.features.horizons = {kHour};
  plant.features.point = {"p"};
  std::vector<PlantTime> times;
  for (int r = 0; r < 20; ++r) times.push_back(r * kHour);
  Frame table(times);
  table.Set("p", 1.5);
  table.Set("anomaly_label", 0.0)[3] = 1;
  return std::move(BuildDataset(plant, table, {}, nullptr)).value();
}

struct GoodSet {
  std::vector<DatasetFile> files;
  std::string manifest;
};

const GoodSet& Good() {
  static const GoodSet good = [] {
    const FeatureDataset set = SmallDataset();
    GoodSet made;
    made.files = std::move(EncodeDataset(set, 1)).value();
    made.manifest = MakeManifest(set, made.files, "run");
    return made;
  }();
  return good;
}

void Require(bool holds) {
  if (!holds) std::abort();
}

void CheckWindows(const WindowMatrix& windows, const std::vector<uint8_t>& at,
                  const std::vector<uint8_t>& within, size_t rows) {
  Require(windows.values.size() == windows.rows() * windows.columns);
  Require(windows.names.size() == windows.columns);
  Require(at.size() == windows.rows() && within.size() == windows.rows());
  for (const size_t end : windows.end_row) Require(end < rows);
}

void Load(std::string_view manifest, const std::vector<DatasetFile>& files) {
  const auto set = DecodeDataset(manifest, [&](const std::string& path) -> Result<std::string> {
    for (const DatasetFile& file : files) {
      if (file.path == path) return file.bytes;
    }
    return Status::NotFound("no " + path);
  });
  if (!set.ok()) return;
  Require(set->train.names() == set->valid.names());
  const size_t rows = set->train.rows() + set->valid.rows();
  for (const HorizonWindows& h : set->horizons) {
    CheckWindows(h.train, h.train_at, h.train_within, rows);
    CheckWindows(h.valid, h.valid_at, h.valid_within, rows);
  }
}

}  // namespace
}  // namespace forewarn

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace forewarn;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  if (size < 2 || (data[0] != 'f' && data[0] != 'p')) {
    Load(input, Good().files);
    return 0;
  }
  auto manifest = nlohmann::ordered_json::parse(Good().manifest);
  if (data[0] == 'p') {
    const auto patch = nlohmann::ordered_json::parse(input.substr(1), nullptr, false);
    if (patch.is_discarded()) return 0;
    manifest.merge_patch(patch);
    Load(manifest.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace), Good().files);
    return 0;
  }
  // One file replaced, its digest in the manifest too, so that the bytes get as far as the Parquet reader.
  std::vector<DatasetFile> files = Good().files;
  const size_t chosen = data[1] % files.size();
  files[chosen].bytes = std::string(input.substr(2));
  manifest["files"][chosen]["sha256"] = Sha256Hex(files[chosen].bytes);
  Load(manifest.dump(), files);
  return 0;
}
