// `forewarn version`.
#include "core/version.h"

#include "commands.h"

namespace forewarn {

void AddVersionCommand(CLI::App& app, const Context& context, Command& run) {
  app.add_subcommand("version", "the program's version")->callback([&] {
    run = [&context] {
      if (context.json) {
        context.PrintJson({{"name", "forewarn"}, {"version", kVersion}});
      } else {
        context.Print(std::string("forewarn ") + kVersion + "\n");
      }
      return Status::Ok();
    };
  });
}

}  // namespace forewarn
