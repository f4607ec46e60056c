#include "ops/drop_step.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <nlohmann/json.hpp>

#include "core/file.h"
#include "core/names.h"
#include "io/csv_table.h"
#include "io/historian_workbook.h"
#include "io/table_io.h"
#include "pipeline/etl_step.h"
#include "pipeline/read_history.h"
#include "plant/columns.h"
#include "plant/derived.h"

namespace forewarn {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

// A larger table is a historian's export without looking: hourly rows for a lifetime fit in less.
constexpr uint64_t kLargestLabelled = uint64_t{256} << 20;
constexpr size_t kIdDigest = 12;
constexpr size_t kIdName = 60;

ReadTableOptions ReadOptionsOf(const Plant& plant) {
  ReadTableOptions read;
  read.zone = plant.zone;
  read.time_format = plant.day_first_format;
  return read;
}

bool HasColumn(const std::vector<std::string>& columns, const std::string& name) {
  return std::find(columns.begin(), columns.end(), name) != columns.end();
}

DropKind KindOf(const Plant& plant, const Table& table) {
  std::vector<std::string> columns;
  for (const TableColumn& column : table.columns) columns.push_back(ToLower(Trim(column.name)));
  if (HasColumn(columns, kLabelColumn)) return DropKind::kLabelled;
  const std::vector<std::string> series = plant.SeriesNames();
  const bool has_all =
      std::all_of(series.begin(), series.end(), [&](const auto& s) { return HasColumn(columns, s); });
  const bool has_extremes = std::any_of(series.begin(), series.end(),
                                        [&](const auto& s) { return HasColumn(columns, MaxName(s)); });
  return has_all && has_extremes && HasColumn(columns, kTimeColumn) ? DropKind::kCleaned : DropKind::kRaw;
}

// A file's place is an accident of the moment; reports speak of it as it was dropped.
struct Renaming {
  std::vector<std::pair<std::string, std::string>> pairs;  // path as used, name as dropped

  std::string In(std::string text) const {
    for (const auto& [path, name] : pairs) {
      for (size_t at = text.find(path); at != std::string::npos; at = text.find(path, at + name.size())) {
        text.replace(at, path.size(), name);
      }
    }
    return text;
  }
  void InJson(Json* json) const {
    if (json->is_string()) *json = In(json->get<std::string>());
    if (!json->is_structured()) return;
    for (auto& item : *json) InJson(&item);
  }
  Status In(const Status& status) const {
    return status.ok() ? status : Status(status.code(), In(status.message()));
  }
};

void Rename(const Renaming& names, DropResult* result) {
  result->status = names.In(result->status);
  RunOutcome& outcome = result->outcome;
  if (outcome.ingest) {
    for (std::string& file : outcome.ingest->files) file = names.In(file);
    for (std::string& note : outcome.ingest->notes) note = names.In(note);
    const auto places = [&](ReportRows& rows) {
      for (ReportPlace& place : rows.places) place.file = names.In(place.file);
    };
    for (SeriesReport& series : outcome.ingest->series) {
      for (ReportRows& rows : series.rejections) places(rows);
      places(series.bad_quality);
      places(series.duplicates);
      places(series.out_of_order);
    }
  }
  if (outcome.gate) names.InJson(&outcome.gate->json);
}

// What the file is, and the input of the run: the file itself or, of a wide export in a workbook, the same
// table as CSV, which the historian's reader takes.
Status Classify(const Plant& plant, const fs::path& file, const fs::path& scratch, DropKind* kind,
                std::string* input) {
  *input = file.string();
  *kind = DropKind::kRaw;
  const bool workbook = LooksLikeWorkbook(file);
  const auto mark = fs::file_size(file);
  if (!workbook && mark > kLargestLabelled) return Status::Ok();
  ReadTableOptions read = ReadOptionsOf(plant);
  const Result<Table> table = ReadTable(file, read);
  if (!table.ok()) {
    // What the strict reader of tables refuses, the historian's may take with its rows counted.
    return workbook ? table.status() : Status::Ok();
  }
  *kind = KindOf(plant, table.value());
  if (!workbook || *kind != DropKind::kRaw) return Status::Ok();
  const fs::path csv = scratch / (file.stem().string() + ".csv");
  *input = csv.string();
  return WriteFileAtomic(csv, WriteCsvTable(table.value()));
}

RunFrom FromOf(DropKind kind) {
  if (kind == DropKind::kLabelled) return RunFrom::kLabelled;
  return kind == DropKind::kCleaned ? RunFrom::kCleaned : RunFrom::kRaw;
}

}  // namespace

const char* DropKindName(DropKind kind) {
  switch (kind) {
    case DropKind::kLabelled:
      return "labelled table";
    case DropKind::kCleaned:
      return "cleaned table";
    case DropKind::kRaw:
      return "historian export";
    case DropKind::kWorkbooks:
      return "set of one-tag workbooks";
    case DropKind::kUnknown:
      break;
  }
  return "unknown";
}

bool IsFilesFault(const Status& status) {
  switch (status.code()) {
    case Code::kInvalid:
    case Code::kNotFound:
    case Code::kExists:
    case Code::kGate:
    case Code::kUsage:
      return true;
    default:
      return false;
  }
}

const char* DropOutcomeName(const Status& status) {
  if (status.ok()) return "processed";
  return IsFilesFault(status) ? "rejected" : "failed";
}

std::string WorkbookTagOf(const Plant& plant, const fs::path& file) {
  if (!LooksLikeWorkbook(file)) return "";
  const Result<WorkbookTag> tag = FindWorkbookTag(plant, file);
  return tag.ok() ? tag.value().id : "";
}

std::vector<std::string> MissingWorkbooks(const Plant& plant, const std::vector<std::string>& have) {
  std::vector<std::string> missing;
  const auto look = [&](const std::string& id) {
    if (!HasColumn(have, id)) missing.push_back(id);
  };
  for (const Tag& tag : plant.tags) look(tag.id);
  for (const Controller& controller : plant.controllers) look(controller.id);
  return missing;
}

Status CheckWorkbook(const Plant& plant, const fs::path& file) {
  const Renaming names = {{{file.string(), file.filename().string()}}};
  return names.In(ReadHistory({file}, plant, 1).status());
}

std::string DropRunId(const std::string& name, const std::string& digest) {
  std::string id = fs::path(name).stem().string().substr(0, kIdName);
  for (char& c : id) {
    const bool plain = std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-';
    if (!plain || static_cast<unsigned char>(c) > 127) c = '_';
  }
  return fmt::format("{}-{}", id.empty() ? "drop" : id, digest.substr(0, kIdDigest));
}

Result<DropUntil> ParseDropUntil(const std::string& text) {
  if (text == "gate") return DropUntil::kGate;
  if (text == "features") return DropUntil::kFeatures;
  return Status::Usage(UnknownName("step", text, {"gate", "features"}));
}

Result<std::string> DropDigest(const std::vector<fs::path>& files) {
  if (files.size() == 1) return Sha256HexOfFile(files.front());
  std::string all;
  for (const fs::path& file : files) {
    FW_ASSIGN_OR_RETURN(const std::string digest, Sha256HexOfFile(file));
    all += digest + " " + file.filename().string() + "\n";
  }
  return Sha256Hex(all);
}

DropResult HandleDrop(const Plant& plant, const DropOptions& options, const std::vector<fs::path>& files,
                      const std::vector<std::string>& names, const std::string& digest,
                      const std::function<Status()>& before_store) {
  DropResult result;
  result.files = names;
  result.digest = digest;
  result.until = options.until;
  const ScratchFolder scratch;
  RunOptions run;
  Renaming renaming;
  for (size_t i = 0; i < files.size(); ++i) renaming.pairs.emplace_back(files[i].string(), names[i]);
  if (files.size() > 1 || !WorkbookTagOf(plant, files.front()).empty()) {
    result.kind = DropKind::kWorkbooks;
    for (const fs::path& file : files) run.inputs.push_back(file.string());
  } else {
    run.inputs.emplace_back();
    result.status = Classify(plant, files.front(), scratch.path(), &result.kind, &run.inputs.front());
    renaming.pairs.emplace_back(run.inputs.front(), names.front());
  }
  if (result.status.ok()) {
    run.from = FromOf(result.kind);
    run.features_uri = options.features_uri;
    run.run_id = DropRunId(result.kind == DropKind::kWorkbooks ? "workbooks" : names.front(), digest);
    run.reuse_run = true;
    run.stores = options.stores;
    run.before_store = before_store;
    run.suite = options.suite;
    run.train.seed = options.seed;
    run.train.threads = options.threads;
    if (options.until == DropUntil::kGate) {
      result.status = PrepareLabelled(plant, run, &result.outcome).status();
    } else {
      result.status = PrepareFeatures(plant, run, &result.outcome);
    }
  }
  Rename(renaming, &result);
  return result;
}

std::string DropSummary(const DropResult& result) {
  const std::string what = result.files.size() == 1 ? "'" + result.files.front() + "'"
                                                    : fmt::format("{} workbooks", result.files.size());
  if (!result.status.ok()) {
    return fmt::format("{} {}: {}", what,
                       IsFilesFault(result.status) ? "is rejected" : "could not be handled",
                       result.status.message());
  }
  if (result.until == DropUntil::kGate) {
    return fmt::format("{} ({}): passes the gate", what, DropKindName(result.kind));
  }
  const FeatureDataset& set = result.outcome.etl.dataset;
  return fmt::format("{} ({}): run {} {}, {} rows for training, {} for validation", what,
                     DropKindName(result.kind), result.outcome.etl.run,
                     result.outcome.reused ? "was stored already" : "is stored", set.train.rows(),
                     set.valid.rows());
}

Json DropReportJson(const DropResult& result, int64_t handled_us) {
  const RunOutcome& outcome = result.outcome;
  Json out = {{"files", result.files},
              {"sha256", result.digest},
              {"kind", DropKindName(result.kind)},
              {"outcome", DropOutcomeName(result.status)},
              {"handled", FormatIsoUtc(handled_us - handled_us % kSecond)}};
  if (!result.status.ok()) out["reason"] = result.status.message();
  if (outcome.ingest) out["ingest"] = ReportJson(*outcome.ingest);
  if (outcome.label) out["label"] = LabelReportJson(*outcome.label);
  if (outcome.gate) out["validation"] = outcome.gate->json;
  if (result.status.ok() && result.until == DropUntil::kFeatures) {
    out["features"] = EtlReportJson(outcome.etl, outcome.read.value_or(ToFrameReport()));
    out["features"]["stored"] = outcome.reused ? "before" : "now";
  }
  return out;
}

std::string DropReportText(const DropResult& result) {
  const RunOutcome& outcome = result.outcome;
  std::string out = DropSummary(result) + "\n";
  for (const std::string& file : result.files) out += fmt::format("file        {}\n", file);
  out += fmt::format("sha-256     {}\nkind        {}\n\n", result.digest, DropKindName(result.kind));
  if (outcome.ingest) out += ReportText(*outcome.ingest) + "\n";
  if (outcome.label) out += LabelReportText(*outcome.label) + "\n";
  if (outcome.gate) {
    out += "validation: " + outcome.gate->Summary() + "\n";
    for (const ExpectationVerdict& verdict : outcome.gate->verdicts) {
      out += fmt::format("  {} {}{}\n", verdict.success ? "holds" : "FAILS", verdict.what,
                         verdict.finding.empty() ? "" : ": " + verdict.finding);
    }
    out += "\n";
  }
  if (result.status.ok() && result.until == DropUntil::kFeatures) {
    out += EtlReportText(outcome.etl, outcome.read.value_or(ToFrameReport()));
  }
  return out;
}

}  // namespace forewarn
