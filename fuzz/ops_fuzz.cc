// Texts that other processes leave or send: the data folder's stamp, lock files, progress lines, tables of
// contents of backups, reports of drops. The first byte says which.
#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <string_view>

#include "ops/backup_manifest.h"
#include "ops/data_folder.h"
#include "ops/drop_report.h"
#include "ops/progress_line.h"
#include "ops/service_lock.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace forewarn;
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0] % 5) {
    case 0: {
      const Result<DataSchema> schema = ParseDataSchema(text);
      if (schema.ok() && schema.value().schema < 1) __builtin_trap();
      break;
    }
    case 1: {
      const auto holder = ParseHolder(text);
      if (holder && !ParseHolder(HolderText(*holder))) __builtin_trap();
      break;
    }
    case 3: {
      const auto manifest = ParseBackupManifest(text);
      if (!manifest.ok()) break;
      for (const BackupFile& file : manifest.value().files) {
        const std::filesystem::path path(file.path);
        if (path.is_absolute() || std::ranges::find(path, "..") != path.end()) __builtin_trap();
      }
      const auto again = ParseBackupManifest(BackupManifestText(manifest.value()));
      if (!again.ok() || again.value().files.size() != manifest.value().files.size()) __builtin_trap();
      break;
    }
    case 4: {
      const auto report = ParseDropReport(text);
      if (!report) break;
      (void)report->Outcome();
      const auto again = ParseDropReport(DropReportLine(*report));
      if (!again || again->summary != report->summary) __builtin_trap();
      break;
    }
    case 2: {
      const auto step = ParseProgressLine(text);
      if (!step) break;
      const auto again = ParseProgressLine(ProgressLine(step->what, step->done, step->all));
      if (!again || again->what != step->what || again->done != step->done) __builtin_trap();
      break;
    }
  }
  return 0;
}
