// Passwords from people and scripts: asked at the terminal without echo, or the first line of standard input.
// Never from the command line, where every user of the machine could read it.
#pragma once

#include <string>

#include "core/status.h"

namespace forewarn {

// Asked twice at the terminal, which is left as it was, also by Ctrl-C. Usage where there is no terminal.
Result<std::string> AskNewPassword(const std::string& whose);
// The first line of standard input, without its line end.
Result<std::string> ReadPasswordLine();

}  // namespace forewarn
