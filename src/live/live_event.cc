#include "live/live_event.h"

#include <charconv>

namespace forewarn {

std::string EventId(PlantTime time, int n) {
  std::string out = FormatPlantTime(time);
  out[10] = 'T';
  if (n > 0) out += "-" + std::to_string(n);
  return out;
}

bool ParseEventId(std::string_view text, PlantTime* time) {
  constexpr size_t kDate = 10;  // its own dashes
  const size_t dash = text.find('-', kDate);
  const std::string_view number = dash == std::string_view::npos ? "0" : text.substr(dash + 1);
  int n = 0;
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), n);
  if (error != std::errc() || end != number.data() + number.size() || n < 0) return false;
  const Result<PlantTime> parsed = ParsePlantTime(text.substr(0, dash));
  if (!parsed.ok()) return false;
  *time = *parsed;
  return true;
}

}  // namespace forewarn
