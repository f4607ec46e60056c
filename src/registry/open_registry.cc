#include "registry/open_registry.h"

#include <fmt/format.h>

#include "registry/cached_registry.h"
#include "registry/local_registry.h"
#include "registry/mlflow_registry.h"

namespace forewarn {
namespace {

bool IsServer(const std::string& uri) { return uri.starts_with("http://") || uri.starts_with("https://"); }

}  // namespace

Result<std::unique_ptr<Registry>> OpenRegistry(const std::string& uri, const ObjectStoreOptions& objects) {
  constexpr std::string_view kLocal = "local:";
  if (uri.starts_with(kLocal) && uri.size() > kLocal.size())
    return LocalRegistry::Open(uri.substr(kLocal.size()));
  if (IsServer(uri)) {
    MlflowOptions options;
    options.objects = objects;
    return MlflowRegistry::Open(uri, std::move(options));
  }
  return Status::Invalid(fmt::format("registry '{}' is neither local:DIR nor http://host:port", uri));
}

Result<std::unique_ptr<Registry>> OpenRegistry(const std::string& uri) { return OpenRegistry(uri, {}); }

Result<std::unique_ptr<Registry>> OpenCachedRegistry(const std::string& uri,
                                                     const ObjectStoreOptions& objects,
                                                     const std::filesystem::path& cache) {
  FW_ASSIGN_OR_RETURN(std::unique_ptr<Registry> registry, OpenRegistry(uri, objects));
  if (!IsServer(uri)) return registry;
  return std::unique_ptr<Registry>(new CachedRegistry(std::move(registry), cache));
}

}  // namespace forewarn
