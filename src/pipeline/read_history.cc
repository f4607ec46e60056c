#include "pipeline/read_history.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <iterator>
#include <optional>
#include <set>

#include "core/names.h"
#include "core/thread_pool.h"
#include "io/historian.h"

namespace forewarn {
namespace {

namespace fs = std::filesystem;

struct Candidate {
  WorkbookTag tag;
  const std::vector<std::string>* patterns;
};

std::vector<Candidate> Candidates(const Plant& plant) {
  std::vector<Candidate> all;
  for (const Tag& tag : plant.tags) all.push_back({{tag.id, false}, &tag.files});
  for (const Controller& controller : plant.controllers)
    all.push_back({{controller.id, true}, &controller.files});
  return all;
}

// Whether `word` stands in `text` with no letter or digit beside it, so that xmeas_1 is not found in
// XMEAS_10.
bool ContainsWord(std::string_view text, std::string_view word) {
  const auto is_inside = [&](size_t i) {
    return i < text.size() && std::isalnum(static_cast<unsigned char>(text[i])) != 0;
  };
  for (size_t at = text.find(word); at != std::string_view::npos; at = text.find(word, at + 1)) {
    if ((at == 0 || !is_inside(at - 1)) && !is_inside(at + word.size())) return true;
  }
  return false;
}

bool Matches(const Candidate& candidate, const fs::path& path, const std::string& stem) {
  if (ContainsWord(stem, candidate.tag.id)) return true;
  return std::any_of(candidate.patterns->begin(), candidate.patterns->end(), [&](const std::string& pattern) {
    return MatchesPattern(stem, pattern) || MatchesPattern(path.filename().string(), pattern);
  });
}

// The files an argument stands for.
Status Expand(const fs::path& input, std::vector<fs::path>& files, std::vector<std::string>& notes) {
  static const std::set<std::string> kEndings = {".xlsx", ".xlsm", ".xls",     ".csv",
                                                 ".tsv",  ".txt",  ".parquet", ".pq"};
  std::error_code failed;
  const auto status = fs::status(input, failed);
  if (!fs::exists(status)) return Status::NotFound("no file or folder '" + input.string() + "'");
  if (!fs::is_directory(status)) {
    files.push_back(input);
    return Status::Ok();
  }
  std::vector<fs::path> inside;
  for (fs::directory_iterator it(input, failed), end; !failed && it != end; it.increment(failed)) {
    const std::string name = it->path().filename().string();
    if (!it->is_regular_file()) {
      notes.push_back(fmt::format("'{}' is not read: only the files of a folder are, not its folders",
                                  it->path().string()));
    } else if (name.starts_with('.') || name.starts_with("~$") ||
               !kEndings.contains(ToLower(it->path().extension().string()))) {
      notes.push_back(fmt::format("'{}' is not read: not a workbook, CSV or Parquet file by its name",
                                  it->path().string()));
    } else {
      inside.push_back(it->path());
    }
  }
  if (failed) return Status::Io(fmt::format("cannot read folder '{}': {}", input.string(), failed.message()));
  if (inside.empty())
    return Status::Invalid(fmt::format("folder '{}' holds no workbook, CSV or Parquet file", input.string()));
  std::sort(inside.begin(), inside.end());
  files.insert(files.end(), inside.begin(), inside.end());
  return Status::Ok();
}

void AppendSeries(RawSeries&& from, uint32_t first_file, RawSeries& to) {
  const size_t begin = to.size();
  for (FileRun& run : from.file_runs) to.file_runs.push_back({run.begin + begin, run.file + first_file});
  const auto move = [](auto& source, auto& target) {
    if (target.empty()) {
      target = std::move(source);
    } else {
      target.insert(target.end(), source.begin(), source.end());
    }
  };
  move(from.times, to.times);
  move(from.values, to.values);
  move(from.quality, to.quality);
  move(from.row, to.row);
}

void AppendRejections(const std::map<std::string, Rejections>& from, uint32_t first_file,
                      std::map<std::string, Rejections>& to) {
  for (const auto& [reason, rejections] : from) {
    Rejections& all = to[reason];
    all.count += rejections.count;
    for (const RejectedPlace& place : rejections.places) {
      if (all.places.size() < Rejections::kPlaces)
        all.places.push_back({place.file + first_file, place.row, place.text});
    }
  }
}

void Append(RawData&& from, RawData& to) {
  const auto first_file = static_cast<uint32_t>(to.files.size());
  std::move(from.files.begin(), from.files.end(), std::back_inserter(to.files));
  std::move(from.notes.begin(), from.notes.end(), std::back_inserter(to.notes));
  for (auto& [tag, series] : from.series) {
    RawSeries& target = to.series[tag];
    target.tag = tag;
    AppendSeries(std::move(series), first_file, target);
  }
  for (const auto& [tag, reasons] : from.rejected) AppendRejections(reasons, first_file, to.rejected[tag]);
  for (const auto& [tag, rows] : from.rows_read) to.rows_read[tag] += rows;
}

// "loop.pv" → "loop_pv".
std::string PlainSpelling(std::string name) {
  std::replace_if(
      name.begin(), name.end(),
      [](char c) { return std::string_view(".-/: ").find(c) != std::string_view::npos; }, '_');
  return name;
}

// Gives series under another spelling of a plant's name that name.
void AdoptSpellings(const Plant& plant, RawData& data) {
  const std::vector<std::string> names = plant.SeriesNames();
  const std::set<std::string> known(names.begin(), names.end());
  std::vector<std::string> spelled;
  for (const auto& [tag, rows] : data.rows_read) {
    if (!known.contains(tag) && known.contains(PlainSpelling(tag))) spelled.push_back(tag);
  }
  for (const std::string& tag : spelled) {
    const std::string name = PlainSpelling(tag);
    data.notes.push_back(fmt::format("'{}' is read as '{}'", tag, name));
    if (auto series = data.series.extract(tag)) {
      RawSeries& target = data.series[name];
      target.tag = name;
      AppendSeries(std::move(series.mapped()), 0, target);
    }
    if (auto rejected = data.rejected.extract(tag))
      AppendRejections(rejected.mapped(), 0, data.rejected[name]);
    data.rows_read[name] += data.rows_read.extract(tag).mapped();
  }
}

// A file given twice, or named beside its own folder, would double its rows.
Result<std::vector<fs::path>> ExpandAll(const std::vector<fs::path>& inputs,
                                        std::vector<std::string>& notes) {
  std::vector<fs::path> all;
  for (const fs::path& input : inputs) FW_RETURN_IF_ERROR(Expand(input, all, notes));
  std::set<fs::path> seen;
  std::vector<fs::path> files;
  for (const fs::path& file : all) {
    std::error_code failed;
    const fs::path real = fs::weakly_canonical(file, failed);
    if (!seen.insert(failed ? file : real).second) {
      notes.push_back(fmt::format("'{}' is given twice and read once", file.string()));
      continue;
    }
    files.push_back(file);
  }
  return files;
}

struct Workbook {
  fs::path path;
  WorkbookTag tag;
};

class HistoryReader {
 public:
  HistoryReader(const Plant& plant, int threads, const Progress& progress)
      : plant_(plant), threads_(threads), progress_(progress) {}

  Result<RawData> Run(const std::vector<fs::path>& inputs) {
    FW_ASSIGN_OR_RETURN(const std::vector<fs::path> files, ExpandAll(inputs, data_.notes));
    // All names are judged before the first file is read: a wrong one fails at once.
    std::vector<std::optional<WorkbookTag>> tags(files.size());
    std::map<std::string, std::vector<std::string>> files_of;
    for (size_t i = 0; i < files.size(); ++i) {
      if (!LooksLikeWorkbook(files[i])) continue;
      FW_ASSIGN_OR_RETURN(tags[i], FindWorkbookTag(plant_, files[i]));
      files_of[tags[i]->id].push_back(files[i].string());
    }
    for (const auto& [tag, paths] : files_of) {
      if (paths.size() > 1)
        data_.notes.push_back(
            fmt::format("{} files are joined for {}: {}", paths.size(), tag, JoinNames(paths)));
    }
    for (size_t i = 0; i < files.size();) {
      std::vector<Workbook> workbooks;
      for (; i < files.size() && tags[i]; ++i) workbooks.push_back({files[i], *tags[i]});
      FW_RETURN_IF_ERROR(ReadWorkbooks(workbooks));
      for (; i < files.size() && !tags[i]; ++i) FW_RETURN_IF_ERROR(ReadTableFile(files[i]));
    }
    AdoptSpellings(plant_, data_);
    return std::move(data_);
  }

 private:
  // Each on its own thread into its own data, joined in order.
  Status ReadWorkbooks(const std::vector<Workbook>& workbooks) {
    HistorianWorkbookOptions options;
    options.zone = plant_.zone;
    options.time_format = plant_.day_first_format;
    std::vector<RawData> parts(workbooks.size());
    std::vector<Status> results(workbooks.size());
    ParallelFor(workbooks.size(), threads_, [&](size_t i) {
      results[i] = ReadHistorianWorkbook(workbooks[i].path, workbooks[i].tag, options, parts[i]);
      Report(progress_, "ingest: reading workbooks", i + 1, workbooks.size());
    });
    for (size_t i = 0; i < workbooks.size(); ++i) {
      FW_RETURN_IF_ERROR(results[i]);
      Append(std::move(parts[i]), data_);
    }
    return Status::Ok();
  }

  Status ReadTableFile(const fs::path& path) {
    HistorianOptions options;
    options.zone = plant_.zone;
    options.time_format = plant_.day_first_format;
    options.threads = threads_;
    options.progress = progress_;
    return ReadHistorianTable(path, options, data_);
  }

  const Plant& plant_;
  const int threads_;
  const Progress& progress_;
  RawData data_;
};

}  // namespace

Result<WorkbookTag> FindWorkbookTag(const Plant& plant, const fs::path& path) {
  const std::string stem = ToLower(path.stem().string());
  const std::vector<Candidate> all = Candidates(plant);
  for (const Candidate& candidate : all) {
    if (stem == candidate.tag.id) return candidate.tag;
  }
  std::vector<const Candidate*> found;
  for (const Candidate& candidate : all) {
    if (Matches(candidate, path, stem)) found.push_back(&candidate);
  }
  if (found.size() == 1) return found.front()->tag;
  if (found.empty()) {
    std::vector<std::string> patterns;
    for (const Candidate& candidate : all) {
      std::vector<std::string> own = *candidate.patterns;
      own.push_back("*" + candidate.tag.id + "*");
      patterns.push_back(candidate.tag.id + ": " + JoinNames(own, " "));
    }
    return Status::Invalid(
        fmt::format("'{}' belongs to no tag of plant '{}'; rename it or add its pattern to the plant file; "
                    "the patterns are: {}",
                    path.string(), plant.name, JoinNames(patterns, "; ")));
  }
  std::vector<std::string> ids;
  for (const Candidate* candidate : found) ids.push_back(candidate->tag.id);
  return Status::Invalid(
      fmt::format("'{}' matches the patterns of {} tags ({}); rename it to one of these names, or narrow the "
                  "patterns in the plant file",
                  path.string(), ids.size(), JoinNames(ids)));
}

Result<RawData> ReadHistory(const std::vector<fs::path>& inputs, const Plant& plant, int threads,
                            const Progress& progress) {
  return HistoryReader(plant, threads, progress).Run(inputs);
}

}  // namespace forewarn
