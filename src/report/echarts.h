// The ECharts script, kept inside the program so that every report is one file and asks no network.
#pragma once

#include <string_view>

namespace forewarn {

std::string_view EChartsScript();

}  // namespace forewarn
