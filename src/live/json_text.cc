#include "live/json_text.h"

#include <fmt/format.h>

#include <cmath>

#include "scoring/reply_json.h"

namespace forewarn {

std::string NumberText(double value) { return std::isfinite(value) ? fmt::format("{}", value) : "null"; }

std::string DriversText(const std::vector<Driver>& drivers) {
  std::string out = "[";
  for (const Driver& d : drivers) {
    out += fmt::format(R"({}{{"feature":{},"value":{},"shap_value":{}}})", out.size() > 1 ? "," : "",
                       JsonText(d.feature), NumberText(d.value), NumberText(d.shap_value));
  }
  return out + "]";
}

std::string ModelText(const ModelTag& model) {
  if (model.name.empty()) return "null";
  return fmt::format(R"({{"name":{},"version":{},"skill":{}}})", JsonText(model.name), model.version,
                     JsonText(model.skill));
}

}  // namespace forewarn
