// Progress of long work: a module reports, the application decides how it looks (a bar on a terminal, plain
// lines elsewhere, nothing under --json). Report may be called from any thread.
#pragma once

#include <functional>
#include <string_view>

namespace forewarn {

// (what is being done, steps done, steps in all; all = 0 when unknown). An empty function means nobody
// listens.
using Progress = std::function<void(std::string_view what, size_t done, size_t all)>;

inline void Report(const Progress& progress, std::string_view what, size_t done, size_t all) {
  if (progress) progress(what, done, all);
}

}  // namespace forewarn
