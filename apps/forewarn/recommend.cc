// `forewarn recommend`: what to do about a risk, by rule; no model is needed.
#include <fmt/format.h>

#include "commands.h"
#include "scoring/reply_json.h"
#include "scoring_input.h"

namespace forewarn {
namespace {

constexpr char kRiskColumn[] = "risk_score";

// A table's rows as requests: `recommendation,urgency` appended.
Status RecommendTable(const Context& context, const ScoringEngine& engine, const std::string& failures,
                      const ScoringInput& input) {
  const auto* count = input.table.Find(failures);
  const auto* risk = input.table.Find(kRiskColumn);
  if (count == nullptr && risk == nullptr) {
    return Status::NotFound(fmt::format("{} has neither '{}' nor '{}'", input.name, failures, kRiskColumn));
  }
  TextColumn text;
  TextColumn urgency;
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (size_t r = 0; r < input.table.rows(); ++r) {
    nlohmann::ordered_json body = nlohmann::ordered_json::object();
    for (const auto& [name, column] :
         {std::pair(failures, count), std::pair(std::string(kRiskColumn), risk)}) {
      const auto* numbers = column == nullptr ? nullptr : std::get_if<NumberColumn>(&column->data);
      if (column != nullptr && numbers == nullptr) {
        return Status::Invalid(fmt::format("{}: column '{}' holds no numbers", input.name, name));
      }
      if (numbers != nullptr && IsValid(numbers->values[r])) body[name] = numbers->values[r];
    }
    std::vector<Fault> faults;
    const Result<RecommendRequest> request = ParseRecommend(body.dump(), failures, &faults);
    if (!request.ok()) return request.status().WithPrefix(fmt::format("{}: data row {}", input.name, r + 1));
    const RecommendReply reply = engine.Recommend(*request);
    text.values.push_back(reply.recommendation);
    urgency.values.emplace_back(reply.urgency);
    list.push_back({{"recommendation", reply.recommendation}, {"urgency", reply.urgency}});
  }
  text.valid.assign(input.table.rows(), true);
  urgency.valid = text.valid;
  if (context.json) return WriteStdout(list.dump() + "\n");
  return WriteStdout(TextTable(input.table, {{"recommendation", text}, {"urgency", urgency}}));
}

Status RunRecommend(const Context& context, const std::string& file) {
  FW_ASSIGN_OR_RETURN(const Plant plant, context.LoadPlant());
  const std::string failures =
      plant.features.history_sum ? plant.features.history_sum->name : "failure_frequency";
  const ScoringEngine engine(plant, {});
  FW_ASSIGN_OR_RETURN(const ScoringInput input, ReadScoringInput(file, plant));
  if (input.kind == ScoringInput::Kind::kTable) return RecommendTable(context, engine, failures, input);
  return AnswerBodies(input, [&](const std::string& body) -> Result<std::string> {
    std::vector<Fault> faults;
    FW_ASSIGN_OR_RETURN(const RecommendRequest request, ParseRecommend(body, failures, &faults));
    return ToJson(engine.Recommend(request));
  });
}

}  // namespace

void AddRecommendCommand(CLI::App& app, const Context& context, Command& run) {
  auto* command = app.add_subcommand("recommend", "what to do about a risk");
  const auto file = std::make_shared<std::string>();
  command->add_option("FILE", *file, "JSON, JSON lines or CSV; - or nothing: standard input");
  command->callback(
      [&context, &run, file] { run = [&context, file] { return RunRecommend(context, *file); }; });
}

}  // namespace forewarn
