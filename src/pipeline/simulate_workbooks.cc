// The workbooks half of simulate_step.h.
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <system_error>

#include "core/file.h"
#include "io/xlsx_writer.h"
#include "pipeline/simulate_step.h"

namespace forewarn {
namespace {

namespace fs = std::filesystem;

std::string Upper(std::string text) {
  for (char& c : text) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return text;
}

Result<size_t> WriteAll(const Plant& plant, const RawData& readings, const fs::path& folder) {
  size_t files = 0;
  const RawSeries none;
  const auto find = [&](const std::string& name) {
    const auto it = readings.series.find(name);
    return it == readings.series.end() ? &none : &it->second;
  };
  const auto write = [&](const std::string& id, const std::vector<HistorianColumn>& columns) -> Status {
    const bool empty = std::all_of(columns.begin(), columns.end(),
                                   [](const HistorianColumn& c) { return c.series->size() == 0; });
    if (empty) return Status::Ok();
    ++files;
    return WriteHistorianWorkbook(folder / (Upper(id) + ".xlsx"), columns);
  };
  for (const Tag& tag : plant.tags) {
    FW_RETURN_IF_ERROR(write(tag.id, {{Upper(tag.id), find(tag.id)}}));
  }
  for (const Controller& controller : plant.controllers) {
    const std::string id = Upper(controller.id);
    FW_RETURN_IF_ERROR(write(controller.id, {{id + ".PV", find(controller.id + "_pv")},
                                             {id + ".OP", find(controller.id + "_op")},
                                             {id + ".SP", find(controller.id + "_sp")}}));
  }
  return files;
}

}  // namespace

Result<size_t> WriteSimulatedWorkbooks(const Plant& plant, const RawData& readings, const fs::path& folder) {
  std::error_code error;
  const fs::path clean = folder.has_filename() ? folder : folder.parent_path();
  if (fs::exists(clean, error)) {
    if (!fs::is_directory(clean, error)) {
      return Status::Invalid(fmt::format(
          "'{}' is a file; give a folder for the workbooks, or a name that ends in .csv or .parquet",
          clean.string()));
    }
    return WriteAll(plant, readings, clean);
  }
  if (clean.has_parent_path()) FW_RETURN_IF_ERROR(MakeFolders(clean.parent_path()));
  const fs::path aside = clean.parent_path() / fmt::format(".{}.partial", clean.filename().string());
  fs::remove_all(aside, error);
  FW_RETURN_IF_ERROR(MakeFolders(aside));
  Result<size_t> files = WriteAll(plant, readings, aside);
  if (files.ok()) {
    fs::rename(aside, clean, error);
    if (error)
      files = Status::Io(fmt::format("cannot make folder '{}': {}", clean.string(), error.message()));
  }
  if (!files.ok()) fs::remove_all(aside, error);
  return files;
}

}  // namespace forewarn
