// `forewarn config`: every setting, its value and where it came from.
#include <fmt/format.h>

#include "commands.h"
#include "settings.h"

namespace forewarn {
namespace {

Status ShowConfig(const Context& context) {
  nlohmann::ordered_json rows = nlohmann::ordered_json::array();
  std::string text = fmt::format("{:<20} {:<44} {:<40} {}\n", "setting", "value", "from", "meaning");
  const auto& specs = SettingSpecs();
  for (size_t i = 0; i < specs.size(); ++i) {
    const Setting& setting = context.settings[i];
    const std::string shown = ShownValue(setting);
    text += fmt::format("{:<20} {:<44} {:<40} {}\n", setting.name, shown, setting.origin, specs[i].meaning);
    rows.push_back({{"name", setting.name},
                    {"value", shown},
                    {"origin", setting.origin},
                    {"environment", specs[i].environment},
                    {"meaning", specs[i].meaning}});
  }
  if (context.json) {
    context.PrintJson(rows);
  } else {
    context.Print(text);
  }
  return Status::Ok();
}

}  // namespace

void AddConfigCommand(CLI::App& app, const Context& context, Command& run) {
  app.add_subcommand("config", "every setting, its value and where it came from")->callback([&] {
    run = [&context] { return ShowConfig(context); };
  });
}

}  // namespace forewarn
