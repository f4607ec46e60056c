// Global options and settings. Order of precedence: flag, environment, forewarn.toml, default. The
// environment and the configuration file are read here and nowhere else; everything below gets values.
#pragma once

#include <CLI/CLI.hpp>
#include <map>
#include <string>
#include <vector>

#include "context.h"
#include "core/status.h"

namespace forewarn {

// One row of the settings table: its key in forewarn.toml, its environment variables (first one set wins),
// its default.
struct SettingSpec {
  const char* key;
  std::vector<const char*> environment;
  const char* fallback;
  const char* meaning;
  bool secret = false;  // shown as "(set)" by `forewarn config`
};

const std::vector<SettingSpec>& SettingSpecs();

// As it may be shown: a secret as "(set)", a URL without its password.
std::string ShownValue(const Setting& setting);

class GlobalOptions {
 public:
  // Declares the global flags on the application.
  void Declare(CLI::App& app);
  // Fills the context from flags, environment, file and defaults; Usage or Invalid naming the origin of a bad
  // value.
  Status Resolve(Context& context) const;

 private:
  std::map<std::string, std::string> flags_;  // setting key → text given on the command line
  std::string config_file_;
  bool json_ = false;
  int progress_fd_ = -1;
};

}  // namespace forewarn
