#include "pipeline/dataset_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <functional>
#include <map>
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
constexpr char kEndRowColumn[] = "end_row";  // of a window file in parts, which has no metadata

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
  std::map<std::string, std::vector<std::string>> parts;  // files of a table that scale-out wrote in parts
};

// "train/part-00002-4f.parquet": below the run's folder and nowhere else.
bool IsPlainPath(const std::string& path) {
  if (path.empty() || path.size() > 400 || path.front() == '/' || path.find("..") != std::string::npos)
    return false;
  return std::all_of(path.begin(), path.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 ||
           std::string_view("-_./=").find(static_cast<char>(c)) != std::string_view::npos;
  });
}

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
  if (const auto parts = json.find("parts"); parts != json.end()) {
    out.parts = parts->get<std::map<std::string, std::vector<std::string>>>();
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
    for (const auto& [table, parts] : out.parts) {
      for (const std::string& part : parts) {
        if (!IsPlainPath(part))
          return Status::Invalid("manifest.json: a part is no path below the run's folder");
      }
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
  // The files of a table in order: itself, or its parts.
  std::vector<std::string> FilesOf(const std::string& table) const;
  // The file's bytes, checked against the manifest.
  Result<std::string> Read(const std::string& path, size_t& rows) const;
  // A table of doubles over times; a row without a time keeps kNoTime.
  Result<Frame> ReadFrame(const std::string& table) const;
  Result<Frame> ReadFrameFile(const std::string& path) const;
  Status ReadWindows(const std::string& table, size_t ends, WindowMatrix& windows, std::vector<uint8_t>& at,
                     std::vector<uint8_t>& within) const;
  Status AddWindowFile(const std::string& path, WindowMatrix& windows, std::vector<uint8_t>& at,
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

std::vector<std::string> Decoder::FilesOf(const std::string& table) const {
  const auto it = manifest_.parts.find(table);
  return it == manifest_.parts.end() ? std::vector<std::string>{table} : it->second;
}

Result<Frame> Decoder::ReadFrame(const std::string& table) const {
  Frame out;
  for (const std::string& path : FilesOf(table)) {
    FW_ASSIGN_OR_RETURN(Frame part, ReadFrameFile(path));
    if (out.columns() == 0) {
      out = std::move(part);
    } else if (!out.Append(part).ok()) {
      return Misfit(path, "has other columns than the parts before it");
    }
  }
  return out;
}

Result<Frame> Decoder::ReadFrameFile(const std::string& path) const {
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

// Adds a file's rows to the windows; the last of its columns are the targets, and perhaps the end rows.
Status Decoder::TakeColumns(const std::string& path, const Table& table, WindowMatrix& windows,
                            std::vector<uint8_t>& at, std::vector<uint8_t>& within) const {
  const std::vector<std::string> names = table.Names();
  const size_t targets = !names.empty() && names.back() == kEndRowColumn ? 3 : 2;
  if (names.size() <= targets) return Misfit(path, "has no windows");
  const size_t columns = names.size() - targets;
  if (names[columns] != kLabelColumn || names[columns + 1] != kWithinColumn)
    return Misfit(path, "has no targets at its end");
  const std::vector<std::string> inputs(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(columns));
  if (windows.columns != 0 && windows.names != inputs)
    return Misfit(path, "has other columns than the parts before it");
  windows.names = inputs;
  windows.columns = columns;
  const size_t before = windows.values.size();
  windows.values.resize(before + table.rows() * columns);
  for (size_t c = 0; c < columns + 2; ++c) {
    const auto* cells = std::get_if<NumberColumn>(&table.columns[c].data);
    if (cells == nullptr) return Misfit(path, fmt::format("column '{}' is not of numbers", names[c]));
    if (c < columns) {
      float* out = windows.values.data() + before + c;
      for (size_t r = 0; r < table.rows(); ++r) out[r * columns] = static_cast<float>(cells->values[r]);
      continue;
    }
    for (const double cell : cells->values) {
      if (cell != 0 && cell != 1) return Misfit(path, "has a target that is neither 0 nor 1");
      (c == columns ? at : within).push_back(cell == 1 ? 1 : 0);
    }
  }
  return Status::Ok();
}

// The end rows a window file carries: as a column, or in its metadata; false where it does not.
bool EndRows(const Table& table, const std::map<std::string, std::string>& metadata,
             std::vector<size_t>& rows) {
  if (const TableColumn* column = table.Find(kEndRowColumn)) {
    const auto* cells = std::get_if<NumberColumn>(&column->data);
    if (cells == nullptr) return false;
    for (const double cell : cells->values) {
      if (!(cell >= 0 && cell < 1e15) || cell != std::floor(cell)) return false;
      rows.push_back(static_cast<size_t>(cell));
    }
    return true;
  }
  const auto ranges = metadata.find(kEndRowsKey);
  return ranges != metadata.end() && ParseRanges(ranges->second, table.rows(), rows);
}

Status Decoder::AddWindowFile(const std::string& path, WindowMatrix& windows, std::vector<uint8_t>& at,
                              std::vector<uint8_t>& within) const {
  size_t rows = 0;
  FW_ASSIGN_OR_RETURN(const std::string bytes, Read(path, rows));
  FW_ASSIGN_OR_RETURN(const Table table, TableFromParquet(bytes, path));
  FW_ASSIGN_OR_RETURN(const auto metadata, ParquetMetadata(bytes, path));
  if (table.rows() != rows) return Misfit(path, fmt::format("does not have {} rows", rows));
  FW_RETURN_IF_ERROR(TakeColumns(path, table, windows, at, within));
  std::vector<size_t> ends;
  if (!EndRows(table, metadata, ends)) return Misfit(path, "does not say which rows its windows are of");
  windows.end_row.insert(windows.end_row.end(), ends.begin(), ends.end());
  return Status::Ok();
}

Status Decoder::ReadWindows(const std::string& table, size_t ends, WindowMatrix& windows,
                            std::vector<uint8_t>& at, std::vector<uint8_t>& within) const {
  for (const std::string& path : FilesOf(table)) FW_RETURN_IF_ERROR(AddWindowFile(path, windows, at, within));
  const bool ascending = std::adjacent_find(windows.end_row.begin(), windows.end_row.end(),
                                            std::greater_equal<>()) == windows.end_row.end();
  if (!ascending) return Misfit(table, "has windows out of order");
  if (!windows.end_row.empty() && windows.end_row.back() >= ends) {
    return Misfit(table, "has windows beyond the tables' rows");
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
