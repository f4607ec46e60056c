// Tables as subcommands take them: in the plant's time zone and date format, and what reading set aside said
// on stderr, so that no row goes missing unheard.
#pragma once

#include <string>

#include "context.h"
#include "core/status.h"
#include "frame/frame.h"
#include "frame/table.h"
#include "io/table_io.h"
#include "plant/plant.h"

namespace forewarn {

inline ReadTableOptions TableOptionsOf(const Plant& plant) {
  ReadTableOptions options;
  options.zone = plant.zone;
  options.time_format = plant.day_first_format;
  return options;
}

inline Result<Frame> ReadPlantFrame(const Context& context, const Plant& plant, const std::string& path,
                                    ToFrameReport* set_aside = nullptr) {
  ToFrameReport report;
  FW_ASSIGN_OR_RETURN(Frame table, ReadFrame(path, TableOptionsOf(plant), &report));
  for (const std::string& words : report.Words()) context.Say(path + ": " + words);
  if (set_aside != nullptr) *set_aside = report;
  return table;
}

}  // namespace forewarn
