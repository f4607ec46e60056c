// What the service manager is told (systemd's notify protocol, sd_notify(3)): "READY=1", "STATUS=…",
// "STOPPING=1". Nothing happens where there is none. Any thread.
#pragma once

#include <string>

namespace forewarn {

void NotifyServiceManager(const std::string& state);

}  // namespace forewarn
