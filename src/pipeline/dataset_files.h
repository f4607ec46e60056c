// A FeatureDataset as files and back (data.md, "ETL: features"): Parquet tables that any other tool reads and
// manifest.json, which names them with their sha-256 and says what they were made from. Same dataset, same
// bytes, but for the run's id in the manifest. In memory: dataset_store puts them under a URI.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/status.h"
#include "features/dataset.h"

namespace forewarn {

inline constexpr char kManifestFile[] = "manifest.json";
inline constexpr uint64_t kLargestManifest = uint64_t{16} << 20;

struct DatasetFile {
  std::string path;  // below the run's folder: "train/part-0.parquet", "windows_1h.parquet", …
  size_t rows = 0;
  std::string bytes;
};

// The data files in the order in which they are written, encoded on `threads` threads (0 = one a core).
Result<std::vector<DatasetFile>> EncodeDataset(const FeatureDataset& dataset, int threads);
// manifest.json of those files.
std::string MakeManifest(const FeatureDataset& dataset, const std::vector<DatasetFile>& files,
                         const std::string& run);

// manifest.json for the run's id, which the store settles.
using ManifestMaker = std::function<std::string(const std::string& run)>;

// The run's id a manifest carries.
Result<std::string> ManifestRun(std::string_view manifest);

// The dataset of a manifest; read(path) gives a file's bytes. A file that is missing, altered, or does not
// fit the others is an error that names it.
Result<FeatureDataset> DecodeDataset(std::string_view manifest,
                                     const std::function<Result<std::string>(const std::string& path)>& read);

}  // namespace forewarn
