#include "plant/plant.h"

#include <algorithm>
#include <utility>

namespace forewarn {
namespace {

bool EndsWith(std::string_view text, std::string_view end) {
  return text.size() > end.size() && text.substr(text.size() - end.size()) == end;
}

}  // namespace

std::vector<std::string> Plant::Sensors() const {
  std::vector<std::string> out;
  for (const Tag& tag : tags) {
    if (tag.sensor) out.push_back(tag.id);
  }
  for (const Controller& controller : controllers) {
    if (controller.sensor) out.push_back(controller.id + "_pv");
  }
  return out;
}

std::vector<std::string> Plant::SeriesNames() const {
  std::vector<std::string> out;
  for (const Tag& tag : tags) out.push_back(tag.id);
  for (const Controller& controller : controllers) {
    for (const char* part : {"_pv", "_op", "_sp"}) out.push_back(controller.id + part);
  }
  return out;
}

const Tag* Plant::FindTag(std::string_view id) const {
  const auto it = std::find_if(tags.begin(), tags.end(), [&](const Tag& tag) { return tag.id == id; });
  return it == tags.end() ? nullptr : &*it;
}

const Controller* Plant::FindController(std::string_view id) const {
  const auto it =
      std::find_if(controllers.begin(), controllers.end(), [&](const Controller& c) { return c.id == id; });
  return it == controllers.end() ? nullptr : &*it;
}

Plant::ColumnInfo Plant::Describe(std::string_view column) const {
  if (const Tag* tag = FindTag(column))
    return {tag->label.empty() ? tag->id : tag->label, tag->unit, tag->low, tag->high};
  using Part = std::pair<std::string_view, const char*>;
  for (const auto& [suffix, meaning] : {Part{"_pv", ""}, Part{"_op", ", output"}, Part{"_sp", ", setpoint"},
                                        Part{"_deviation", ", deviation"}}) {
    if (!EndsWith(column, suffix)) continue;
    const Controller* controller = FindController(column.substr(0, column.size() - suffix.size()));
    if (controller == nullptr) continue;
    ColumnInfo info;
    info.label = (controller->label.empty() ? controller->id : controller->label) + meaning;
    info.unit = suffix == "_op" ? "%" : controller->unit;  // a valve position, whatever is controlled
    if (suffix == "_pv") {
      info.low = controller->low;
      info.high = controller->high;
    }
    return info;
  }
  return {};
}

std::vector<int> Plant::HorizonSteps() const {
  std::vector<int> out;
  for (const PlantTime horizon : features.horizons) out.push_back(static_cast<int>(horizon / interval));
  return out;
}

std::string Plant::HorizonName(size_t i) const { return FormatDuration(features.horizons[i]); }

}  // namespace forewarn
