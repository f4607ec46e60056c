// From a context and its settings to the options of a ServiceHost (api/service_host.h), for `serve` and `up`.
#pragma once

#include <CLI/CLI.hpp>
#include <optional>

#include "api/service_host.h"
#include "context.h"
#include "core/status.h"
#include "ops/data_folder.h"
#include "service_settings.h"

namespace forewarn {

// Flags that `serve` and `up` share; what is given beats the settings.
struct ServiceFlags {
  std::optional<double> seconds_per_hour;
  std::optional<bool> open_registration;
  bool open = false;

  void Declare(CLI::App* command);
  Status ApplyTo(ServiceSettings* settings) const;
};

// Everything but which services run and where they listen. Makes the secrets that are missing.
Result<HostOptions> MakeHostOptions(const Context& context, const ServiceSettings& settings,
                                    const DataFolder& folder);
// The registry a service looks into; one that is a server is kept at hand in the data folder.
Result<std::unique_ptr<Registry>> ServedRegistryOf(const Context& context);

}  // namespace forewarn
