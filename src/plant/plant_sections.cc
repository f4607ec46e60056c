#include "plant/plant_sections.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "core/names.h"
#include "plant/derived.h"

namespace forewarn {
namespace {

namespace fs = std::filesystem;

constexpr int kMaxRows = 100000;

// Lower-case identifier, so that it can stand in a rule and as a column's name.
bool IsIdentifier(std::string_view text) {
  if (text.empty() || text.size() > 64 || !((text[0] >= 'a' && text[0] <= 'z') || text[0] == '_'))
    return false;
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; });
}

bool ReadIdentifier(TomlReader& reader, std::string_view key, std::string* out, Need need = Need::kRequired) {
  if (!reader.String(key, out, need)) return false;
  if (IsIdentifier(*out)) return true;
  reader.AddProblem(key,
                    fmt::format("'{}' is no name; allowed: a-z, 0-9 and _, a letter first, up to 64", *out));
  return false;
}

void ReadName(TomlReader& reader, std::string* out) {
  if (!reader.String("name", out, Need::kRequired)) return;
  const bool good = !out->empty() && out->size() <= 64 && std::all_of(out->begin(), out->end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
  if (!good)
    reader.AddProblem("name", fmt::format("'{}' is no name; allowed: a-z, 0-9, - and _, up to 64", *out));
}

void CheckZone(TomlReader& reader, const std::string& zone) {
  const bool plain = !zone.empty() && zone.front() != '/' && zone.find("..") == std::string::npos &&
                     std::all_of(zone.begin(), zone.end(), [](unsigned char c) {
                       return std::isalnum(c) != 0 || c == '_' || c == '/' || c == '+' || c == '-';
                     });
  std::error_code error;
  const fs::path database = "/usr/share/zoneinfo";
  const bool known =
      zone == "UTC" ||
      (plain && (!fs::is_directory(database, error) || fs::is_regular_file(database / zone, error)));
  if (!known)
    reader.AddProblem("zone",
                      fmt::format("unknown time zone '{}'; allowed: UTC or a name like Europe/Berlin", zone));
}

void CheckDateFormat(TomlReader& reader, const std::string& format) {
  std::string rest = format;
  bool good = true;
  for (const char* part : {"YYYY", "DD", "MM", "HH", "MM", "SS"}) {
    const size_t at = rest.find(part);
    if (at == std::string::npos) {
      good = good && std::string_view(part) == "SS";
    } else {
      rest.erase(at, std::string_view(part).size());
    }
  }
  good = good && rest.find_first_not_of(" ./-:T") == std::string::npos;
  if (!good) {
    reader.AddProblem(
        "day_first_format",
        fmt::format("'{}' is no date format; write for example DD.MM.YYYY HH:MM:SS or MM/DD/YYYY HH:MM",
                    format));
  }
}

void ReadPlantTable(TomlReader& root, Plant* plant) {
  auto reader = root.Table("plant", Need::kRequired);
  if (!reader) return;
  ReadName(*reader, &plant->name);
  plant->title = plant->name;
  reader->String("title", &plant->title);
  if (reader->String("zone", &plant->zone)) CheckZone(*reader, plant->zone);
  if (reader->Duration("interval", &plant->interval) &&
      (plant->interval < kSecond || plant->interval > kDay || kDay % plant->interval != 0)) {
    reader->AddProblem(
        "interval", fmt::format("{} does not divide a day; allowed: 1s to 1d, for example 3min, 15min or 1h",
                                FormatDuration(plant->interval)));
    plant->interval = kHour;
  }
  if (reader->String("day_first_format", &plant->day_first_format))
    CheckDateFormat(*reader, plant->day_first_format);
}

// The keys a tag and a controller share.
template <typename T>
void ReadPoint(TomlReader& reader, T* point) {
  ReadIdentifier(reader, "id", &point->id);
  reader.String("label", &point->label);
  reader.String("unit", &point->unit);
  reader.Number("low", &point->low);
  reader.Number("high", &point->high);
  if (IsValid(point->low) && IsValid(point->high) && point->low >= point->high) {
    reader.AddProblem("high", fmt::format("the normal band is empty: high {} is not above low {}",
                                          point->high, point->low));
  }
  reader.Bool("sensor", &point->sensor);
  reader.Strings("files", &point->files);
  for (size_t i = 0; i < point->files.size(); ++i) {
    const std::string& pattern = point->files[i];
    if (pattern.empty() || pattern.find_first_not_of("*?") == std::string::npos) {
      reader.AddProblem("files", fmt::format("the pattern '{}' matches every file", pattern),
                        static_cast<int>(i));
    }
  }
}

// Series names across tags and controllers, each once.
class SeriesNames {
 public:
  void Add(TomlReader& reader, const std::string& series) {
    const auto [it, fresh] = owner_.emplace(series, reader.path());
    if (!fresh) {
      reader.AddProblem("id", fmt::format("the series '{}' is defined by {} already", series, it->second));
    }
  }

 private:
  std::map<std::string, std::string> owner_;
};

void ReadPoints(TomlReader& root, Plant* plant) {
  SeriesNames names;
  for (TomlReader& reader : root.Tables("tag")) {
    Tag tag;
    ReadPoint(reader, &tag);
    reader.Number("saturated_above", &tag.saturated_above);
    names.Add(reader, tag.id);
    plant->tags.push_back(std::move(tag));
  }
  for (TomlReader& reader : root.Tables("controller")) {
    Controller controller;
    ReadPoint(reader, &controller);
    double sp = 0;
    if (reader.Number("sp_fixed", &sp)) controller.sp_fixed = sp;
    for (const char* part : {"_pv", "_op", "_sp"}) names.Add(reader, controller.id + part);
    plant->controllers.push_back(std::move(controller));
  }
}

void ReadFill(TomlReader& root, FillSpec* fill) {
  auto reader = root.Table("fill");
  if (!reader) return;
  reader->Integer("forward", &fill->forward, 0, kMaxRows);
  reader->Integer("interpolate", &fill->interpolate, 0, kMaxRows);
  std::string final = "median";
  reader->OneOf("final", {"median", "none"}, &final);
  fill->final = final == "none" ? FillFinal::kNone : FillFinal::kMedian;
}

void ReadRolling(TomlReader& features, std::string_view key, RollingSpec* spec) {
  auto reader = features.Table(key);
  if (!reader) return;
  reader->Integer("rows", &spec->rows, 2, kMaxRows, Need::kRequired);
  reader->Strings("of", &spec->of, Need::kRequired);
}

void ReadHorizons(TomlReader& reader, PlantTime interval, std::vector<PlantTime>* out) {
  std::vector<std::string> texts;
  reader.Strings("horizons", &texts);
  for (size_t i = 0; i < texts.size(); ++i) {
    const auto horizon = ParseDuration(texts[i]);
    std::string problem;
    if (!horizon.ok()) {
      problem = horizon.message();
    } else if (*horizon % interval != 0) {
      problem =
          fmt::format("{} is no multiple of the plant's interval, {}", texts[i], FormatDuration(interval));
    } else if (*horizon / interval > kMaxRows) {
      problem = fmt::format("{} is more than {} intervals", texts[i], kMaxRows);
    } else if (!out->empty() && *horizon <= out->back()) {
      problem = "horizons ascend, each once";
    } else {
      out->push_back(*horizon);
    }
    if (!problem.empty()) reader.AddProblem("horizons", problem, static_cast<int>(i));
  }
}

void ReadFeatures(TomlReader& root, PlantTime interval, FeatureSpec* spec) {
  auto reader = root.Table("features");
  if (!reader) return;
  reader->Integer("window", &spec->window, 2, 1000);
  ReadHorizons(*reader, interval, &spec->horizons);
  ReadRolling(*reader, "rolling", &spec->rolling);
  ReadRolling(*reader, "volatility", &spec->volatility);
  reader->Strings("delta", &spec->delta);
  reader->Strings("point", &spec->point);
  if (auto sum = reader->Table("history_sum")) {
    HistorySum history;
    ReadIdentifier(*sum, "name", &history.name);
    ReadIdentifier(*sum, "of", &history.of);
    sum->Integer("rows", &history.rows, 1, kMaxRows, Need::kRequired);
    spec->history_sum = std::move(history);
  }
}

void ReadRules(TomlReader& label, std::string_view key, std::vector<Rule>* rules) {
  std::vector<std::string> texts;
  label.Strings(key, &texts);
  for (size_t i = 0; i < texts.size(); ++i) {
    auto rule = Rule::Parse(texts[i]);
    if (rule.ok()) {
      rules->push_back(*std::move(rule));
    } else {
      label.AddProblem(key, rule.message(), static_cast<int>(i));
    }
  }
}

void ReadLabel(TomlReader& root, LabelSpec* spec) {
  auto reader = root.Table("label");
  if (!reader) return;
  for (TomlReader& row : reader->Tables("period")) {
    LabelPeriod period;
    const bool has_from = row.Time("from", &period.from, Need::kRequired);
    const bool has_to = row.Time("to", &period.to, Need::kRequired);  // both are read, so that both are told
    row.String("note", &period.note);
    if (has_from && has_to && period.to < period.from)
      row.AddProblem("to", "the period ends before it starts");
    spec->periods.push_back(std::move(period));
  }
  ReadRules(*reader, "alarm", &spec->alarm);
  ReadRules(*reader, "transition", &spec->transition);
}

void ReadModels(TomlReader& root, const std::string& plant_name, ModelSpec* spec) {
  spec->prefix = plant_name;
  std::replace(spec->prefix.begin(), spec->prefix.end(), '-', '_');
  auto reader = root.Table("models");
  if (!reader) return;
  reader->Strings("train", &spec->train);
  ReadIdentifier(*reader, "prefix", &spec->prefix, Need::kOptional);
  reader->String("deviation_target", &spec->deviation_target);
  reader->String("leading_sensor", &spec->leading_sensor);
  reader->Number("false_alarms_per_day", &spec->false_alarms_per_day, 0, 1000);
  reader->Number("false_warnings_per_day", &spec->false_warnings_per_day, 0, 1000);
  reader->Number("warning_release", &spec->warning_release, 0, 1);
  std::string target = "within";
  reader->OneOf("forecast_target", {"within", "at"}, &target);
  spec->forecast_target = target == "at" ? ForecastTarget::kAt : ForecastTarget::kWithin;
}

void ReadQuality(TomlReader& root, const fs::path& folder, Plant* plant) {
  auto reader = root.Table("quality");
  if (!reader) return;
  std::string suite;
  if (!reader->String("suite", &suite)) return;
  plant->suite = folder / suite;
  std::error_code error;
  if (!folder.empty() && !fs::is_regular_file(plant->suite, error)) {
    reader->AddProblem("suite",
                       fmt::format("there is no file '{}' (looked for in the plant file's folder)", suite));
  }
}

}  // namespace

void ReadPlantSections(TomlReader& root, const fs::path& folder, Plant* plant) {
  ReadPlantTable(root, plant);
  ReadPoints(root, plant);
  ReadFill(root, &plant->fill);
  ReadFeatures(root, plant->interval, &plant->features);
  ReadLabel(root, &plant->label);
  ReadModels(root, plant->name, &plant->models);
  ReadQuality(root, folder, plant);
  ReadSimulatorSpec(root, &plant->simulator);
  ReadPresets(root, plant);
}

}  // namespace forewarn
