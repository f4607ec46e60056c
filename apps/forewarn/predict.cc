// `forewarn predict`: risk (or what else the model gives) of one object, JSON lines or a table.
#include <fmt/format.h>

#include "commands.h"
#include "scoring/reply_json.h"
#include "scoring_input.h"

namespace forewarn {
namespace {

struct PredictFlags {
  std::string input;
  std::string model;
  double confidence = 0.95;
};

Status RunPredict(const Context& context, const PredictFlags& flags) {
  if (flags.confidence != 0.95 && flags.confidence != 0.99) {
    return Status::Usage(fmt::format("--confidence is {}; it must be .95 or .99", flags.confidence));
  }
  FW_ASSIGN_OR_RETURN(const Plant plant, context.LoadPlant());
  FW_ASSIGN_OR_RETURN(const OpenedModel opened, OpenModel(context, plant, flags.model, flags.confidence));
  FW_ASSIGN_OR_RETURN(const ScoringInput input, ReadScoringInput(flags.input, plant));
  if (input.kind == ScoringInput::Kind::kTable) {
    FW_ASSIGN_OR_RETURN(const TableScores scores, PredictTable(*opened.engine, *opened.model, input.table));
    return EmitTable(context, input.table, scores);
  }
  return AnswerBodies(input, [&](const std::string& body) -> Result<std::string> {
    std::vector<Fault> faults;
    FW_ASSIGN_OR_RETURN(const PredictRequest request, ParsePredict(body, &faults));
    FW_ASSIGN_OR_RETURN(const PredictReply reply, opened.engine->Predict(request, &faults, opened.name));
    return ToJson(reply, *opened.engine);
  });
}

}  // namespace

void AddPredictCommand(CLI::App& app, const Context& context, Command& run) {
  auto* command = app.add_subcommand("predict", "score one JSON object, JSON lines or a table");
  const auto flags = std::make_shared<PredictFlags>();
  command->add_option("FILE", flags->input, "JSON, JSON lines, CSV or Parquet; - or nothing: standard input");
  command->add_option("--model", flags->model, "NAME[@alias|:version], default the champion");
  command->add_option("--confidence", flags->confidence, "whose limits a PCA's alarm uses: .95 or .99");
  command->callback(
      [&context, &run, flags] { run = [&context, flags] { return RunPredict(context, *flags); }; });
}

}  // namespace forewarn
