#include "pipeline/dataset_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <optional>

#include "core/file.h"
#include "core/thread_pool.h"
#include "core/version.h"
#include "io/parquet_table.h"

namespace forewarn {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kFormat = 1;
constexpr char kEndRowsKey[] = "forewarn.end_rows";  // Parquet metadata of a window file
constexpr char kTrainFile[] = "train/part-0.parquet";
constexpr char kValidFile[] = "valid/part-0.parquet";
constexpr char kSmoteFile[] = "train_smote.parquet";

std::string WindowsFile(const std::string& horizon, bool train) {
  return fmt::format("windows_{}{}.parquet", train ? "" : "valid_", horizon);
}

// "12-531,540-701": ascending row numbers as closed ranges.
std::string FormatRanges(const std::vector<size_t>& rows) {
  std::string out;
  for (size_t i = 0; i < rows.size();) {
    size_t j = i;
    while (j + 1 < rows.size() && rows[j + 1] == rows[j] + 1) ++j;
    out += fmt::format("{}{}-{}", out.empty() ? "" : ",", rows[i], rows[j]);
    i = j + 1;
  }
  return out;
}

// The rows of FormatRanges; false unless they are ascending and `count` in number.
bool ParseRanges(std::string_view text, size_t count, std::vector<size_t>& rows) {
  while (!text.empty()) {
    size_t first = 0;
    size_t last = 0;
    auto [dash, bad_first] = std::from_chars(text.data(), text.data() + text.size(), first);
    if (bad_first != std::errc() || dash == text.data() + text.size() || *dash != '-') return false;
    auto [end, bad_last] = std::from_chars(dash + 1, text.data() + text.size(), last);
    if (bad_last != std::errc() || last < first || last - first >= count - rows.size()) return false;
    if (!rows.empty() && first <= rows.back()) return false;
    for (size_t row = first; row <= last; ++row) rows.push_back(row);
    text.remove_prefix(static_cast<size_t>(end - text.data()));
    if (text.empty()) break;
    if (text.front() != ',' || text.size() == 1 || rows.size() == count) return false;
    text.remove_prefix(1);
  }
  return rows.size() == count;
}

Result<DatasetFile> EncodeFrame(const char* path, const Frame& frame) {
  WriteTableOptions options;
  options.compression = ParquetCompression::kSnappy;
  options.integer_columns = {kLabelColumn, kRegimeColumn, kRuleAlarmColumn};
  FW_ASSIGN_OR_RETURN(std::string bytes, FrameToParquet(frame, options));
  return DatasetFile{path, frame.rows(), std::move(bytes)};
}

TableColumn LabelColumn(const char* name, const std::vector<uint8_t>& labels) {
  NumberColumn cells;
  cells.values.assign(labels.begin(), labels.end());
  cells.integer = true;
  return {name, std::move(cells)};
}

Result<DatasetFile> EncodeWindows(const std::string& path, const WindowMatrix& windows,
                                  const std::vector<uint8_t>& at, const std::vector<uint8_t>& within) {
  Table table;
  for (size_t c = 0; c < windows.columns; ++c) {
    NumberColumn cells;
    cells.values.reserve(windows.rows());
    for (size_t r = 0; r < windows.rows(); ++r) cells.values.push_back(windows.row(r)[c]);
    table.columns.push_back({windows.names[c], std::move(cells)});
  }
  table.columns.push_back(LabelColumn(kLabelColumn, at));
  table.columns.push_back(LabelColumn(kWithinColumn, within));
  WriteTableOptions options;
  options.compression = ParquetCompression::kNone;  // measured noise in float32 hardly shrinks
  options.statistics = false;
  options.float32_columns = windows.names;
  options.metadata[kEndRowsKey] = FormatRanges(windows.end_row);
  FW_ASSIGN_OR_RETURN(std::string bytes, TableToParquet(table, options));
  return DatasetFile{path, windows.rows(), std::move(bytes)};
}

// What DecodeDataset needs to know of a manifest, checked.
struct Manifest {
  std::string run;
  std::string plant;
  std::string digest;
  bool labelled = false;
  bool smote_applied = false;
  std::string smote_note;
  std::vector<std::string> notes;
  std::vector<std::pair<std::string, int>> horizons;  // name, steps
  struct File {
    std::string path, sha256;
    size_t rows = 0;
  };
  std::vector<File> files;
};

bool IsRunId(const std::string& run) {
  return !run.empty() && run.size() <= 64 && run.front() != '.' &&
         std::all_of(run.begin(), run.end(), [](unsigned char c) {
           return std::isalnum(c) != 0 || c == '-' || c == '_' || c == '.';
         });
}

Manifest FieldsOf(const Json& json) {
  Manifest out;
  out.run = json.at("run").get<std::string>();
  out.plant = json.at("plant").get<std::string>();
  out.digest = json.at("input_digest").get<std::string>();
  out.labelled = json.at("labelled").get<bool>();
  out.smote_applied = json.at("smote").at("applied").get<bool>();
  out.smote_note = json.at("smote").at("note").get<std::string>();
  out.notes = json.at("notes").get<std::vector<std::string>>();
  for (const Json& h : json.at("horizons")) {
    out.horizons.emplace_back(h.at("name").get<std::string>(), h.at("steps").get<int>());
  }
  for (const Json& f : json.at("files")) {
    out.files.push_back(
        {f.at("path").get<std::string>(), f.at("sha256").get<std::string>(), f.at("rows").get<size_t>()});
  }
  return out;
}

Result<Manifest> ParseManifest(std::string_view text) {
  const Json json = Json::parse(text, nullptr, false);
  if (!json.is_object())
    return Status::Invalid("manifest.json is not a JSON object: run 'forewarn etl' again");
  const auto format = json.find("format");
  if (format != json.end() && format->is_number_integer() && format->get<int64_t>() > kFormat) {
    return Status::Invalid(fmt::format("manifest.json is of format {}; this forewarn ({}) reads up to {}",
                                       format->dump(), kVersion, kFormat));
  }
  try {
    Manifest out = FieldsOf(json);
    if (!IsRunId(out.run)) return Status::Invalid("manifest.json: 'run' is not a run's id");
    for (const auto& [name, steps] : out.horizons) {
      // The name becomes part of a path.
      const bool plain = !name.empty() && std::all_of(name.begin(), name.end(),
                                                      [](unsigned char c) { return std::isalnum(c) != 0; });
      if (!plain || steps < 1) return Status::Invalid("manifest.json: a horizon is not one, such as 3h");
    }
    return out;
  } catch (const Json::exception& error) {
    return Status::Invalid(fmt::format("manifest.json is not one of a feature set: {}", error.what()));
  }
}

class Decoder {
 public:
  Decoder(const Manifest& manifest, const std::function<Result<std::string>(const std::string&)>& read)
      : manifest_(manifest), read_(read) {}

  Result<FeatureDataset> Decode();

 private:
  // The file's bytes, checked against the manifest.
  Result<std::string> Read(const std::string& path, size_t& rows) const;
  // A table of doubles over times; a row without a time keeps kNoTime.
  Result<Frame> ReadFrame(const std::string& path) const;
  Status ReadWindows(const std::string& path, size_t ends, WindowMatrix& windows, std::vector<uint8_t>& at,
                     std::vector<uint8_t>& within) const;
  Status TakeColumns(const std::string& path, const Table& table, WindowMatrix& windows,
                     std::vector<uint8_t>& at, std::vector<uint8_t>& within) const;
  Status CheckFrames(const FeatureDataset& set) const;

  const Manifest& manifest_;
  const std::function<Result<std::string>(const std::string&)>& read_;
};

Status Misfit(const std::string& path, const std::string& what) {
  return Status::Invalid(fmt::format("'{}' {}: run 'forewarn etl' again", path, what));
}

Result<std::string> Decoder::Read(const std::string& path, size_t& rows) const {
  const auto entry = std::find_if(manifest_.files.begin(), manifest_.files.end(),
                                  [&](const Manifest::File& f) { return f.path == path; });
  if (entry == manifest_.files.end()) return Misfit(path, "is not in manifest.json");
  FW_ASSIGN_OR_RETURN(std::string bytes, read_(path));
  if (Sha256Hex(bytes) != entry->sha256)
    return Misfit(path, "was altered: its sha-256 is not the manifest's");
  rows = entry->rows;
  return bytes;
}

Result<Frame> Decoder::ReadFrame(const std::string& path) const {
  size_t rows = 0;
  FW_ASSIGN_OR_RETURN(const std::string bytes, Read(path, rows));
  FW_ASSIGN_OR_RETURN(Table table, TableFromParquet(bytes, path));
  if (table.columns.empty() || table.columns.front().name != kTimeColumn || table.rows() != rows) {
    return Misfit(path, fmt::format("does not have {} rows after '{}'", rows, kTimeColumn));
  }
  auto* times = std::get_if<TimeColumn>(&table.columns.front().data);
  if (times == nullptr) return Misfit(path, "has no times");
  Frame out(std::move(times->values));
  for (size_t c = 1; c < table.columns.size(); ++c) {
    auto* cells = std::get_if<NumberColumn>(&table.columns[c].data);
    if (cells == nullptr)
      return Misfit(path, fmt::format("column '{}' is not of numbers", table.columns[c].name));
    if (out.Has(table.columns[c].name)) return Misfit(path, "has two columns of one name");
    out.Set(table.columns[c].name, std::move(cells->values));
  }
  return out;
}

Status Decoder::TakeColumns(const std::string& path, const Table& table, WindowMatrix& windows,
                            std::vector<uint8_t>& at, std::vector<uint8_t>& within) const {
  if (table.columns.size() < 3) return Misfit(path, "has no windows");
  windows.columns = table.columns.size() - 2;
  windows.values.resize(table.rows() * windows.columns);
  for (size_t c = 0; c < table.columns.size(); ++c) {
    const auto* cells = std::get_if<NumberColumn>(&table.columns[c].data);
    if (cells == nullptr)
      return Misfit(path, fmt::format("column '{}' is not of numbers", table.columns[c].name));
    if (c < windows.columns) {
      windows.names.push_back(table.columns[c].name);
      for (size_t r = 0; r < table.rows(); ++r) {
        windows.values[r * windows.columns + c] = static_cast<float>(cells->values[r]);
      }
      continue;
    }
    const bool is_at = c == windows.columns;
    if (table.columns[c].name != (is_at ? kLabelColumn : kWithinColumn))
      return Misfit(path, "has no targets at its end");
    for (const double cell : cells->values) {
      if (cell != 0 && cell != 1) return Misfit(path, "has a target that is neither 0 nor 1");
      (is_at ? at : within).push_back(cell == 1 ? 1 : 0);
    }
  }
  return Status::Ok();
}

Status Decoder::ReadWindows(const std::string& path, size_t ends, WindowMatrix& windows,
                            std::vector<uint8_t>& at, std::vector<uint8_t>& within) const {
  size_t rows = 0;
  FW_ASSIGN_OR_RETURN(const std::string bytes, Read(path, rows));
  FW_ASSIGN_OR_RETURN(const Table table, TableFromParquet(bytes, path));
  FW_ASSIGN_OR_RETURN(const auto metadata, ParquetMetadata(bytes, path));
  if (table.rows() != rows) return Misfit(path, fmt::format("does not have {} rows", rows));
  FW_RETURN_IF_ERROR(TakeColumns(path, table, windows, at, within));
  const auto ranges = metadata.find(kEndRowsKey);
  if (ranges == metadata.end() || !ParseRanges(ranges->second, rows, windows.end_row)) {
    return Misfit(path, "does not say which rows its windows are of");
  }
  if (!windows.end_row.empty() && windows.end_row.back() >= ends) {
    return Misfit(path, "has windows beyond the tables' rows");
  }
  return Status::Ok();
}

Status Decoder::CheckFrames(const FeatureDataset& set) const {
  if (set.train.rows() == 0 || set.valid.rows() == 0)
    return Misfit(kTrainFile, "or the validation part is empty");
  if (set.train.names() != set.valid.names())
    return Misfit(kValidFile, "has other columns than the training part");
  if (!set.labelled) return Status::Ok();
  if (!set.train.Has(kLabelColumn)) return Misfit(kTrainFile, fmt::format("has no '{}'", kLabelColumn));
  if (set.train_smote.names() != set.train.names() || set.train_smote.rows() < set.train.rows()) {
    return Misfit(kSmoteFile, "does not hold the training part's columns and rows");
  }
  return Status::Ok();
}

Result<FeatureDataset> Decoder::Decode() {
  FeatureDataset set;
  set.plant = manifest_.plant;
  set.digest = manifest_.digest;
  set.labelled = manifest_.labelled;
  set.smote_applied = manifest_.smote_applied;
  set.smote_note = manifest_.smote_note;
  set.notes = manifest_.notes;
  FW_ASSIGN_OR_RETURN(set.train, ReadFrame(kTrainFile));
  FW_ASSIGN_OR_RETURN(set.valid, ReadFrame(kValidFile));
  if (set.labelled) {
    FW_ASSIGN_OR_RETURN(set.train_smote, ReadFrame(kSmoteFile));
  }
  FW_RETURN_IF_ERROR(CheckFrames(set));
  const size_t rows = set.train.rows() + set.valid.rows();
  for (const auto& [name, steps] : manifest_.horizons) {
    HorizonWindows h;
    h.name = name;
    h.steps = steps;
    // A window's target lies in the tables too.
    const size_t ends = rows - std::min(rows, static_cast<size_t>(steps) - 1);
    FW_RETURN_IF_ERROR(ReadWindows(WindowsFile(name, true), ends, h.train, h.train_at, h.train_within));
    FW_RETURN_IF_ERROR(ReadWindows(WindowsFile(name, false), ends, h.valid, h.valid_at, h.valid_within));
    if (h.train.names != h.valid.names)
      return Misfit(WindowsFile(name, false), "has other columns than its twin");
    set.horizons.push_back(std::move(h));
  }
  return set;
}

}  // namespace

Result<std::vector<DatasetFile>> EncodeDataset(const FeatureDataset& dataset, int threads) {
  std::vector<std::function<Result<DatasetFile>()>> encoders;
  const auto add_frame = [&](const char* path, const Frame& frame) {
    encoders.push_back([path, &frame] { return EncodeFrame(path, frame); });
  };
  add_frame(kTrainFile, dataset.train);
  add_frame(kValidFile, dataset.valid);
  if (dataset.labelled) add_frame(kSmoteFile, dataset.train_smote);
  for (const HorizonWindows& h : dataset.horizons) {
    encoders.push_back(
        [&h] { return EncodeWindows(WindowsFile(h.name, true), h.train, h.train_at, h.train_within); });
    encoders.push_back(
        [&h] { return EncodeWindows(WindowsFile(h.name, false), h.valid, h.valid_at, h.valid_within); });
  }
  std::vector<std::optional<Result<DatasetFile>>> encoded(encoders.size());
  ParallelFor(encoders.size(), threads, [&](size_t i) { encoded[i] = encoders[i](); });
  std::vector<DatasetFile> out;
  for (auto& file : encoded) {
    FW_RETURN_IF_ERROR(file->status());
    out.push_back(std::move(*file).value());
  }
  return out;
}

std::string MakeManifest(const FeatureDataset& dataset, const std::vector<DatasetFile>& files,
                         const std::string& run) {
  Json json = {{"format", kFormat},
               {"run", run},
               {"plant", dataset.plant},
               {"code_version", kVersion},
               {"input_digest", dataset.digest},
               {"labelled", dataset.labelled},
               {"rows", {{"train", dataset.train.rows()}, {"valid", dataset.valid.rows()}}},
               {"columns", dataset.train.names()}};
  if (dataset.labelled) json["rows"]["train_smote"] = dataset.train_smote.rows();
  json["smote"] = {{"applied", dataset.smote_applied}, {"note", dataset.smote_note}};
  json["horizons"] = Json::array();
  for (const HorizonWindows& h : dataset.horizons) {
    json["horizons"].push_back({{"name", h.name}, {"steps", h.steps}});
  }
  if (!dataset.horizons.empty()) json["window_columns"] = dataset.horizons.front().train.names;
  json["notes"] = dataset.notes;
  json["files"] = Json::array();
  for (const DatasetFile& file : files) {
    json["files"].push_back({{"path", file.path},
                             {"rows", file.rows},
                             {"bytes", file.bytes.size()},
                             {"sha256", Sha256Hex(file.bytes)}});
  }
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

Result<std::string> ManifestRun(std::string_view manifest) {
  FW_ASSIGN_OR_RETURN(const Manifest parsed, ParseManifest(manifest));
  return parsed.run;
}

Result<FeatureDataset> DecodeDataset(
    std::string_view manifest, const std::function<Result<std::string>(const std::string& path)>& read) {
  FW_ASSIGN_OR_RETURN(const Manifest parsed, ParseManifest(manifest));
  return Decoder(parsed, read).Decode();
}

}  // namespace forewarn
