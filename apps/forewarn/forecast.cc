// `forewarn forecast`: the probability of an alarm within the horizon, of the newest window or of every one.
#include <fmt/format.h>

#include <map>
#include <optional>

#include "commands.h"
#include "core/names.h"
#include "registry/model_names.h"
#include "scoring/reply_json.h"
#include "scoring_forecast.h"
#include "scoring_input.h"

namespace forewarn {

Result<OpenedModel> OpenForecaster(const Context& context, const Plant& plant, const std::string& ref,
                                   const std::string& horizon, std::optional<double> hours) {
  if (!ref.empty() && horizon.empty() && !hours) return OpenModel(context, plant, ref);
  std::vector<std::string> known;
  for (size_t i = 0; i < plant.features.horizons.size(); ++i) {
    const std::string name = plant.HorizonName(i);
    const double each = static_cast<double>(plant.features.horizons[i]) / static_cast<double>(kHour);
    const bool first = horizon.empty() && !hours;
    const bool by_text = horizon == name || horizon == fmt::format("{}", each);
    if (first || (horizon.empty() ? *hours == each : by_text && (!hours || *hours == each))) {
      return OpenModel(context, plant, ref.empty() ? ForecasterName(plant.models.prefix, name) : ref);
    }
    known.push_back(fmt::format("{}", each));
  }
  if (known.empty()) return Status::NotFound(fmt::format("plant '{}' has no forecast horizon", plant.name));
  const std::string asked = horizon.empty() ? fmt::format("{}", *hours) : horizon;
  if (hours && !horizon.empty() && std::find(known.begin(), known.end(), horizon) != known.end()) {
    return Status::Usage(fmt::format("--horizon is {}, but the input says {}", horizon, *hours));
  }
  return Status::NotFound(UnknownName("horizon", asked, known));
}

namespace {

struct ForecastFlags {
  std::string input;
  std::string horizon;
  std::string model;
  bool rolling = false;
};

Status ForecastBody(const Context& context, const Plant& plant, const ForecastFlags& flags,
                    const ScoringInput& input) {
  if (flags.rolling) return Status::Usage("--rolling needs a table (CSV or Parquet), not JSON");
  std::map<std::optional<double>, OpenedModel> by_horizon;  // each loaded once, at the first line that asks
  return AnswerBodies(input, [&](const std::string& body) -> Result<std::string> {
    std::vector<Fault> faults;
    FW_ASSIGN_OR_RETURN(ForecastRequest request, ParseForecast(body, &faults));
    if (by_horizon.count(request.horizon) == 0) {
      FW_ASSIGN_OR_RETURN(OpenedModel fresh,
                          OpenForecaster(context, plant, flags.model, flags.horizon, request.horizon));
      by_horizon.emplace(request.horizon, std::move(fresh));
    }
    const OpenedModel& opened = by_horizon.at(request.horizon);
    request.horizon.reset();
    FW_ASSIGN_OR_RETURN(const ForecastReply reply, opened.engine->Forecast(request, &faults));
    return ToJson(reply);
  });
}

Status RunForecast(const Context& context, const ForecastFlags& flags) {
  FW_ASSIGN_OR_RETURN(const Plant plant, context.LoadPlant());
  FW_ASSIGN_OR_RETURN(const ScoringInput input, ReadScoringInput(flags.input, plant));
  if (input.kind != ScoringInput::Kind::kTable) return ForecastBody(context, plant, flags, input);
  FW_ASSIGN_OR_RETURN(const OpenedModel opened,
                      OpenForecaster(context, plant, flags.model, flags.horizon, std::nullopt));
  if (flags.rolling) {
    FW_ASSIGN_OR_RETURN(const TableScores scores, ForecastTable(*opened.engine, *opened.model, input.table));
    return EmitTable(context, input.table, scores);
  }
  std::vector<Fault> faults;
  FW_ASSIGN_OR_RETURN(const ForecastRequest request, ForecastRequestOf(*opened.model, input.table));
  const Result<ForecastReply> reply = opened.engine->Forecast(request, &faults);
  if (!reply.ok()) return reply.status().WithPrefix(input.name);
  return WriteStdout(ToJson(*reply) + "\n");
}

}  // namespace

void AddForecastCommand(CLI::App& app, const Context& context, Command& run) {
  auto* command = app.add_subcommand("forecast", "probability of an alarm within the horizon");
  const auto flags = std::make_shared<ForecastFlags>();
  command->add_option("FILE", flags->input,
                      "JSON, CSV or Parquet of at least a window; - or nothing: standard input");
  command->add_option("--horizon", flags->horizon, "hours ahead, as the plant file has them (1, 3, 6)");
  command->add_option("--model", flags->model, "NAME[@alias|:version], default the horizon's champion");
  command->add_flag("--rolling", flags->rolling,
                    "score every row that ends a full window; a table in, a table out");
  command->callback(
      [&context, &run, flags] { run = [&context, flags] { return RunForecast(context, *flags); }; });
}

}  // namespace forewarn
