// Stands in for io/s3_store.cc in the Python package, so that it does not link Arrow: a process that also
// imports pyarrow would hold two Arrows of one name. Objects on S3 are the command line's and Spark's.
#include <fmt/format.h>

#include "io/s3_store.h"

namespace forewarn {

Result<std::unique_ptr<ObjectStore>> OpenS3Store(const std::string& uri, const S3Settings&) {
  return Status::Unavailable(fmt::format(
      "{}: the Python package opens no S3 store; copy the folder here, or use `forewarn` or pyarrow.fs",
      uri));
}

void StopObjectStores() {}

}  // namespace forewarn
