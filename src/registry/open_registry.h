// Opening a registry with the keys of the object store that a tracking server may keep its artifacts in. The
// plain OpenRegistry of registry.h is the same without keys. Any thread.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "io/object_store.h"
#include "registry/registry.h"

namespace forewarn {

// "local:DIR" opens (and makes) a local registry; "http://host:port" means an MLflow tracking server, which
// is not asked yet. Invalid for a scheme that is not known.
Result<std::unique_ptr<Registry>> OpenRegistry(const std::string& uri, const ObjectStoreOptions& objects);

// The same behind a CachedRegistry in `cache` where it is a server.
Result<std::unique_ptr<Registry>> OpenCachedRegistry(const std::string& uri,
                                                     const ObjectStoreOptions& objects,
                                                     const std::filesystem::path& cache);

}  // namespace forewarn
