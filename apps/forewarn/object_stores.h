// The object stores' keys and endpoint, from the settings.
#pragma once

#include "context.h"
#include "io/object_store.h"

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

}  // namespace forewarn
