// `forewarn importance`: how much each feature counts in the champion as a whole.
#include <fmt/format.h>

#include "commands.h"
#include "scoring/reply_json.h"
#include "scoring_input.h"

namespace forewarn {
namespace {

Status RunImportance(const Context& context, const std::string& ref) {
  FW_ASSIGN_OR_RETURN(const Plant plant, context.LoadPlant());
  FW_ASSIGN_OR_RETURN(const OpenedModel opened, OpenModel(context, plant, ref));
  const ImportanceReply reply = opened.engine->Importance(opened.name);
  if (context.json) return WriteStdout(ToJson(reply) + "\n");
  std::string text = fmt::format("{} version {} ({})\n", opened.name, opened.model->version().version,
                                 opened.model->info().run);
  if (!reply.reason.empty()) text += "unavailable: " + reply.reason + "\n";
  for (const auto& [name, share] : reply.importances) {
    text += fmt::format("{:<28} {:6.2f} %  {}\n", name, 100 * share,
                        std::string(static_cast<size_t>(share * 100), '#'));
  }
  return WriteStdout(text);
}

}  // namespace

void AddImportanceCommand(CLI::App& app, const Context& context, Command& run) {
  auto* command = app.add_subcommand("importance", "the champion's global importances");
  const auto ref = std::make_shared<std::string>();
  command->add_option("--model", *ref, "NAME[@alias|:version], default the champion");
  command->callback(
      [&context, &run, ref] { run = [&context, ref] { return RunImportance(context, *ref); }; });
}

}  // namespace forewarn
