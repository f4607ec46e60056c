// Plant files and the rule language: no input may crash, hang or overflow; what parses must evaluate, and
// what is accepted must be accepted again.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "plant/derived.h"
#include "plant/plant_file.h"
#include "plant/rule.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace forewarn;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const PlantCheck check = CheckPlant(text, "fuzz.toml");
  if (check.plant.has_value() != check.problems.empty()) std::abort();
  if (check.plant) {
    const Plant& plant = *check.plant;
    if (plant.Sensors().empty()) std::abort();
    Frame table({0, kHour, 2 * kHour});
    for (const std::string& series : plant.SeriesNames()) table.Set(series, {1, kNull, 3});
    AddDerivedColumns(plant, table, false);
    for (const std::string& name : plant.features.point) plant.Describe(name);
  }
  const auto rule = Rule::Parse(text);
  if (!rule.ok()) return 0;
  const auto again = Rule::Parse(rule->text());
  if (!again.ok() || again->columns() != rule->columns()) std::abort();
  Frame table({0, kHour, 2 * kHour});
  for (const std::string& column : rule->columns()) table.Set(column, {kNull, -1.5, 2});
  const auto hits = rule->Evaluate(table);
  if (!hits.ok() || hits->size() != table.rows()) std::abort();
  return 0;
}
