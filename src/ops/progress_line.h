// Progress of a child process, as lines on a pipe: {"what":"training","done":3,"all":40}. The child writes
// them (its --progress-fd), the parent reads them and shows them as its own. Safe from any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/progress.h"

namespace forewarn {

struct ProgressStep {
  std::string what;
  size_t done = 0;
  size_t all = 0;  // 0: unknown
};

std::string ProgressLine(std::string_view what, size_t done, size_t all);  // with its end of line
// nullopt for a text that is none: done beyond all, or a `what` of more than 200 bytes.
std::optional<ProgressStep> ParseProgressLine(std::string_view line);

// Writes a line a report to an open descriptor, which stays the caller's. A reader that has gone is no fault.
Progress ProgressToDescriptor(int fd);

}  // namespace forewarn
