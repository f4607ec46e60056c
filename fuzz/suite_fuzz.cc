// Validation suites and their patterns: no input may crash, hang or overflow; a suite that parses must run on
// any table and give a result that is JSON.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "quality/pattern.h"
#include "quality/suite.h"
#include "quality/validate.h"

namespace {

forewarn::Table SmallTable() {
  using namespace forewarn;
  Table table;
  table.columns.push_back({"timestamp", TimeColumn{{0, kHour, kNoTime}}});
  table.columns.push_back({"a", NumberColumn{{1, kNull, 2}, false}});
  table.columns.push_back({"b", NumberColumn{{0, 1, 1}, true}});
  table.columns.push_back(
      {"t", TextColumn{{"x", "\xff", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!"}, {true, true, true}}});
  return table;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace forewarn;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto suite = ParseSuite(text, "fuzz.json");
  if (suite.ok()) {
    const ValidationResult result = ValidateTable(SmallTable(), *suite, "fuzz");
    if (result.verdicts.size() != suite->expectations.size()) std::abort();
    result.Summary();
    const std::string json =
        result.json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
    if (!nlohmann::ordered_json::accept(json)) std::abort();
  }
  if (size > 200) return 0;  // a long pattern costs seconds and finds nothing a short one does not
  const auto pattern = Pattern::Compile(text);
  if (pattern.ok()) {
    for (const char* cell : {"", "abc", "2015-01-01 00:00:00", "\xff\xfe"}) (void)pattern->Search(cell).ok();
  }
  return 0;
}
