// One Add…Command function a subcommand, each in its own file: it declares flags on `app` and sets a callback that wires
// objects and calls one function of the library. The callback stores its Status in `result`.
#pragma once

#include <CLI/CLI.hpp>

#include "context.h"
#include "core/status.h"

namespace forewarn {

void AddPlantCommand(CLI::App& app, const Context& context, Status& result);
void AddVersionCommand(CLI::App& app, const Context& context, Status& result);
void AddConfigCommand(CLI::App& app, const Context& context, Status& result);

}  // namespace forewarn
