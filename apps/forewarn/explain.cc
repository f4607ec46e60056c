// `forewarn explain`: why a model answers what it does: one driver a feature; of a forecast, one a sensor.
#include <fmt/format.h>

#include "commands.h"
#include "scoring/reply_json.h"
#include "scoring_forecast.h"
#include "scoring_input.h"

namespace forewarn {
namespace {

struct ExplainFlags {
  std::string input;
  std::string model;
  std::string horizon;
};

Result<std::string> ExplainForecastBody(const Context& context, const Plant& plant, const ExplainFlags& flags,
                                        const std::string& body) {
  std::vector<Fault> faults;
  FW_ASSIGN_OR_RETURN(ForecastRequest request, ParseForecast(body, &faults));
  FW_ASSIGN_OR_RETURN(const OpenedModel opened,
                      OpenForecaster(context, plant, flags.model, flags.horizon, request.horizon));
  request.horizon.reset();
  FW_ASSIGN_OR_RETURN(const ExplainReply reply, opened.engine->ExplainForecast(request, &faults));
  return ToJson(reply);
}

Status ExplainBodies(const Context& context, const Plant& plant, const ExplainFlags& flags,
                     const ScoringInput& input) {
  std::optional<OpenedModel> opened;  // at the first body that needs it
  return AnswerBodies(input, [&](const std::string& body) -> Result<std::string> {
    if (IsForecastBody(body)) return ExplainForecastBody(context, plant, flags, body);
    if (!opened) {
      FW_ASSIGN_OR_RETURN(opened, OpenModel(context, plant, flags.model));
    }
    std::vector<Fault> faults;
    FW_ASSIGN_OR_RETURN(const PredictRequest request, ParsePredict(body, &faults));
    FW_ASSIGN_OR_RETURN(const ExplainReply reply, opened->engine->Explain(request, &faults, opened->name));
    return ToJson(reply);
  });
}

Status RunExplain(const Context& context, const ExplainFlags& flags) {
  FW_ASSIGN_OR_RETURN(const Plant plant, context.LoadPlant());
  FW_ASSIGN_OR_RETURN(const ScoringInput input, ReadScoringInput(flags.input, plant));
  if (input.kind != ScoringInput::Kind::kTable) return ExplainBodies(context, plant, flags, input);
  if (flags.horizon.empty()) {
    FW_ASSIGN_OR_RETURN(const OpenedModel opened, OpenModel(context, plant, flags.model));
    const ModelInfo& info = opened.model->info();
    // A table of window features (the ETL's) is explained row by row, one of sensors by its newest window.
    if (info.kind != ModelKind::kForecaster || input.table.Find(info.features.front()) != nullptr) {
      FW_ASSIGN_OR_RETURN(const TableScores scores, ExplainTable(*opened.engine, *opened.model, input.table));
      return EmitTable(context, input.table, scores);
    }
  }
  FW_ASSIGN_OR_RETURN(const OpenedModel opened,
                      OpenForecaster(context, plant, flags.model, flags.horizon, std::nullopt));
  std::vector<Fault> faults;
  FW_ASSIGN_OR_RETURN(const ForecastRequest request, ForecastRequestOf(*opened.model, input.table));
  FW_ASSIGN_OR_RETURN(const ExplainReply reply, opened.engine->ExplainForecast(request, &faults));
  return WriteStdout(ToJson(reply) + "\n");
}

}  // namespace

void AddExplainCommand(CLI::App& app, const Context& context, Command& run) {
  auto* command = app.add_subcommand("explain", "the drivers of a prediction or a forecast");
  const auto flags = std::make_shared<ExplainFlags>();
  command->add_option("FILE", flags->input,
                      "as for predict, or a forecast's body; - or nothing: standard input");
  command->add_option("--model", flags->model, "NAME[@alias|:version], default the champion");
  command->add_option("--horizon", flags->horizon, "explain the forecast of a table's newest window");
  command->callback(
      [&context, &run, flags] { run = [&context, flags] { return RunExplain(context, *flags); }; });
}

}  // namespace forewarn
