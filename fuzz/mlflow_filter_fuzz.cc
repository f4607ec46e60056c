// Filters of any bytes: never a crash, and one that is understood answers.
#include <cstdint>
#include <string>
#include <string_view>

#include "api/mlflow_face.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto filter = forewarn::ParseMlflowFilter(text); filter.ok()) {
    (void)filter->Matches("plant_alarm_champion", "1");
    (void)filter->Matches(filter->name, filter->run_id);
  }
  return 0;
}
