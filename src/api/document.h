// OpenAPI documents completed for one plant. The files in src/api/openapi know no tag: where a schema depends
// on the plant they carry "x-plant" with one of the words below, and here the plant's names, bounds and
// examples are put in their place. Pure; called once at start.
//
//   reading       one member a sensor, number or null        features     one a point feature, and the
//   history sum observation   one a sensor, all needed                   observations at least a window of
//   rows horizon       one of the plant's horizons, in hours      history_sum  the failure count, as a member
//   scenario      one of the scenarios                       model        one of the served names
//   classifier    one of those that give a risk
#pragma once

#include <string>
#include <string_view>

#include "core/status.h"
#include "plant/plant.h"

namespace forewarn {

struct DocumentOptions {
  bool bearer_needed = false;      // every operation that says {} (nobody) beside a bearer loses that
  std::string without_paths = "";  // paths that begin so are left out; "": none
};
Result<std::string> CompleteDocument(std::string_view text, const Plant& plant,
                                     const DocumentOptions& options = {});

// The plant's horizons in hours.
std::vector<double> HorizonHours(const Plant& plant);

}  // namespace forewarn
