// `forewarn plant check|new|list|show`.
#include <fmt/format.h>

#include <memory>

#include "commands.h"
#include "core/file.h"
#include "core/names.h"
#include "io/table_io.h"
#include "plant/plant_file.h"
#include "plant/propose.h"

namespace forewarn {
namespace {

Status CheckPlantCommand(const Context& context, const std::string& name) {
  FW_ASSIGN_OR_RETURN(const auto path, FindPlantFile(name.empty() ? context.plant_name : name));
  const PlantCheck check = CheckPlantFile(path);
  if (context.json) {
    auto problems = nlohmann::ordered_json::array();
    for (const Problem& problem : check.problems) {
      problems.push_back({{"line", problem.line}, {"key", problem.key}, {"message", problem.message}});
    }
    context.PrintJson({{"file", path.string()}, {"ok", check.problems.empty()}, {"problems", problems}});
  } else {
    for (const Problem& problem : check.problems) context.Print(problem.Text() + "\n");
  }
  if (!check.problems.empty()) {
    return Status::Invalid(fmt::format("'{}' has {} problem{}", path.string(), check.problems.size(),
                                       check.problems.size() == 1 ? "" : "s"));
  }
  context.Print(fmt::format("{}: good ({} sensors, {} point features, {} runs)\n", path.string(),
                            check.plant->Sensors().size(), check.plant->features.point.size(),
                            check.plant->models.train.size()));
  return Status::Ok();
}

Status ListPlantsCommand(const Context& context) {
  auto rows = nlohmann::ordered_json::array();
  std::string text;
  for (const PlantEntry& entry : ListPlants(PlantFolders())) {
    const PlantCheck check = CheckPlantFile(entry.path);
    const std::string title =
        check.plant ? check.plant->title : fmt::format("({} problems)", check.problems.size());
    rows.push_back({{"name", entry.name},
                    {"path", entry.path.string()},
                    {"ok", check.plant.has_value()},
                    {"title", title}});
    text += fmt::format("{:<24} {:<40} {}\n", entry.name, title, entry.path.string());
  }
  if (context.json) context.PrintJson(rows);
  context.Print(text);
  return Status::Ok();
}

nlohmann::ordered_json NumberOrNull(double value) {
  return IsValid(value) ? nlohmann::ordered_json(value) : nlohmann::ordered_json(nullptr);
}

std::vector<std::string> RuleTexts(const std::vector<Rule>& rules) {
  std::vector<std::string> out;
  for (const Rule& rule : rules) out.push_back(rule.text());
  return out;
}

nlohmann::ordered_json PlantJson(const Plant& plant) {
  auto sensors = nlohmann::ordered_json::array();
  for (const std::string& sensor : plant.Sensors()) {
    const Plant::ColumnInfo info = plant.Describe(sensor);
    sensors.push_back({{"name", sensor},
                       {"label", info.label},
                       {"unit", info.unit},
                       {"low", NumberOrNull(info.low)},
                       {"high", NumberOrNull(info.high)}});
  }
  std::vector<std::string> horizons;
  for (size_t i = 0; i < plant.features.horizons.size(); ++i) horizons.push_back(plant.HorizonName(i));
  std::vector<std::string> scenarios;
  for (const Scenario& scenario : plant.simulator.scenarios) scenarios.push_back(scenario.name);
  return {{"name", plant.name},
          {"title", plant.title},
          {"file", plant.file.string()},
          {"zone", plant.zone},
          {"interval", FormatDuration(plant.interval)},
          {"sensors", sensors},
          {"series", plant.SeriesNames()},
          {"features", plant.features.point},
          {"window", plant.features.window},
          {"horizons", horizons},
          {"alarm", RuleTexts(plant.label.alarm)},
          {"transition", RuleTexts(plant.label.transition)},
          {"periods", plant.label.periods.size()},
          {"train", plant.models.train},
          {"prefix", plant.models.prefix},
          {"suite", plant.suite.string()},
          {"scenarios", scenarios}};
}

std::string PlantText(const Plant& plant) {
  std::string out = fmt::format("{} ({})\n  file      {}\n  grid      {} in {}\n", plant.title, plant.name,
                                plant.file.string(), FormatDuration(plant.interval), plant.zone);
  out += "  sensors\n";
  for (const std::string& sensor : plant.Sensors()) {
    const Plant::ColumnInfo info = plant.Describe(sensor);
    const std::string band =
        IsValid(info.low) && IsValid(info.high) ? fmt::format("{} to {}", info.low, info.high) : "";
    out += fmt::format("    {:<14} {:<44} {:<18} {}\n", sensor, info.label, band, info.unit);
  }
  out += fmt::format("  features  {} point, window of {} rows\n", plant.features.point.size(),
                     plant.features.window);
  for (const Rule& rule : plant.label.alarm) out += fmt::format("  alarm     {}\n", rule.text());
  for (const Rule& rule : plant.label.transition) out += fmt::format("  between   {}\n", rule.text());
  if (!plant.label.periods.empty())
    out += fmt::format("  marked    {} periods\n", plant.label.periods.size());
  out += fmt::format("  trains    {}\n", JoinNames(plant.models.train));
  return out;
}

Status ShowPlantCommand(const Context& context, const std::string& name) {
  FW_ASSIGN_OR_RETURN(const Plant plant, FindPlant(name.empty() ? context.plant_name : name));
  if (context.json) context.PrintJson(PlantJson(plant));
  context.Print(PlantText(plant));
  return Status::Ok();
}

struct PlantFlags {
  std::string name;
  std::string table;
  std::string out;
  std::string time_column = "timestamp";
  std::string time_format;
};

Status NewPlantCommand(const Context& context, const PlantFlags& flags) {
  const std::filesystem::path path(flags.table);
  ReadTableOptions options;
  options.time_column = flags.time_column;
  options.time_format = flags.time_format;
  FW_ASSIGN_OR_RETURN(const Frame table, ReadFrame(path, options));
  FW_ASSIGN_OR_RETURN(
      const PlantProposal proposal,
      ProposePlant(table, flags.name.empty() ? path.stem().string() : flags.name, path.filename().string()));
  if (!flags.out.empty()) FW_RETURN_IF_ERROR(WriteFileAtomic(flags.out, proposal.toml));
  if (context.json) {
    auto doubtful = nlohmann::ordered_json::array();
    for (const auto& [tag, why] : proposal.doubtful) doubtful.push_back({{"tag", tag}, {"reason", why}});
    context.PrintJson({{"tags", proposal.tags},
                       {"controllers", proposal.controllers},
                       {"doubtful", doubtful},
                       {"derived", proposal.derived},
                       {"unusable", proposal.unusable},
                       {"toml", proposal.toml}});
    return Status::Ok();
  }
  for (const auto& [tag, why] : proposal.doubtful) context.Say(fmt::format("{} is no sensor: {}", tag, why));
  for (const std::string& column : proposal.unusable)
    context.Say(fmt::format("'{}' cannot be a tag's name", column));
  if (flags.out.empty()) context.Print(proposal.toml);
  return Status::Ok();
}

}  // namespace

void AddPlantCommand(CLI::App& app, const Context& context, Command& run) {
  const auto flags = std::make_shared<PlantFlags>();
  CLI::App* plant = app.add_subcommand("plant", "write and check plant files")->require_subcommand(1);
  CLI::App* check =
      plant->add_subcommand("check", "everything wrong with a plant file, each with line and key");
  check->add_option("plant-file", flags->name, "a plant file, or a plant's name (default: --plant)");
  check->callback([&context, &run, flags] {
    run = [&context, flags] { return CheckPlantCommand(context, flags->name); };
  });
  plant->add_subcommand("list", "the plants that can be named")->callback([&context, &run] {
    run = [&context] { return ListPlantsCommand(context); };
  });
  CLI::App* show = plant->add_subcommand("show", "what a plant file says");
  show->add_option("plant-file", flags->name, "a plant file, or a plant's name (default: --plant)");
  show->callback([&context, &run, flags] {
    run = [&context, flags] { return ShowPlantCommand(context, flags->name); };
  });
  CLI::App* propose = plant->add_subcommand("new", "proposes a plant file from a table");
  propose->add_option("table", flags->table, "CSV or Parquet, one column a tag")->required();
  propose->add_option("--out", flags->out, "the file to write (default: standard output)");
  propose->add_option("--name", flags->name, "the plant's name (default: the table's file name)");
  propose->add_option("--time-column", flags->time_column, "the column with the times")
      ->capture_default_str();
  propose->add_option("--time-format", flags->time_format, "of dates that are not ISO: DD.MM.YYYY HH:MM:SS");
  propose->callback(
      [&context, &run, flags] { run = [&context, flags] { return NewPlantCommand(context, *flags); }; });
}

}  // namespace forewarn
