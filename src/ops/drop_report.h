// The report of a drop as it travels: from `forewarn drop --report` by way of Airflow's XCom to the watcher
// that writes it beside the file. One JSON object, {"report": DropReportJson's, "text": for people,
// "summary": one line}. Pure; any thread.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "core/status.h"

namespace forewarn {

struct DropReport {
  nlohmann::ordered_json report;  // an object with a text "outcome"
  std::string text;
  std::string summary;

  std::string Outcome() const { return report["outcome"].get<std::string>(); }
};

std::string DropReportLine(const DropReport& report);
// Nothing where it is of another form, over 16 MiB, or nested more than 32 deep: others may push what they
// like.
std::optional<DropReport> ParseDropReport(std::string_view line);

}  // namespace forewarn
