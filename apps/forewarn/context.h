// Context: what main.cc resolved before a subcommand runs, and how a subcommand talks: results to stdout
// (only JSON under
// --json), everything else to stderr.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/progress.h"
#include "core/status.h"
#include "plant/plant.h"

namespace forewarn {

// A setting's value and where it came from, for `forewarn config`.
struct Setting {
  std::string name;
  std::string value;
  std::string origin;  // "flag --plant", "environment FOREWARN_PLANT", "file forewarn.toml", "default"
  bool secret = false;
};

struct Context {
  std::string plant_name = "gas-treatment";
  std::filesystem::path data_dir;
  std::string registry_uri;  // "local:DIR" or "http://host:port"
  std::string log_level = "info";
  uint64_t seed = 42;
  int threads = 0;  // 0 = one a core
  bool json = false;
  int progress_fd = -1;     // where progress goes as lines of JSON, to the process that started this one
  std::string config_file;  // of --config; "" where it was not given
  // Reads the settings again and takes the log's; for a service that is asked to. May be empty.
  std::function<Status()> reload;
  std::vector<Setting> settings;

  // A setting of settings.cc's table by its key; the key must exist.
  const Setting& Get(const std::string& key) const;
  Setting& MutableSetting(const std::string& key);

  Result<Plant> LoadPlant() const;  // --plant NAME|FILE
  Progress MakeProgress() const;    // a bar on a terminal, plain lines otherwise, nothing under --json
  void Say(const std::string& line) const;                   // to stderr
  void Print(const std::string& text) const;                 // to stdout; nothing under --json
  void PrintJson(const nlohmann::ordered_json& json) const;  // to stdout, one line
};

}  // namespace forewarn
