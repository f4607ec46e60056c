// The object stores' keys and endpoint, from the settings, and what needs them to be opened.
#pragma once

#include "context.h"
#include "io/object_store.h"
#include "registry/open_registry.h"

namespace forewarn {

inline ObjectStoreOptions ObjectStoresOf(const Context& context) {
  ObjectStoreOptions out;
  out.s3.endpoint_url = context.Get("s3_endpoint").value;
  out.s3.access_key_id = context.Get("s3_access_key").value;
  out.s3.secret_access_key = context.Get("s3_secret_key").value;
  out.s3.session_token = context.Get("s3_session_token").value;
  out.s3.region = context.Get("s3_region").value;
  return out;
}

inline Result<std::unique_ptr<Registry>> RegistryOf(const Context& context) {
  return OpenRegistry(context.registry_uri, ObjectStoresOf(context));
}

}  // namespace forewarn
