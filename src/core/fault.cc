#include "core/fault.h"

#include <fmt/format.h>

namespace forewarn {

std::string PointerToken(std::string_view name) {
  std::string out;
  for (const char c : name.substr(0, 200)) {
    if (c == '~')
      out += "~0";
    else if (c == '/')
      out += "~1";
    else
      out += c;
  }
  return out;
}

Status FaultStatus(const std::vector<Fault>& faults) {
  const Fault& first = faults.front();
  std::string text = first.pointer.empty() ? first.detail : first.pointer + " " + first.detail;
  if (faults.size() > 1)
    text += fmt::format(" (and {} more fault{})", faults.size() - 1, faults.size() == 2 ? "" : "s");
  return Status::Invalid(std::move(text));
}

}  // namespace forewarn
