// The S3 side of object_store.h, through Arrow's S3FileSystem. What the server refuses is told in words:
// wrong keys, no such bucket, server away.
#pragma once

#include <memory>
#include <string>

#include "core/status.h"
#include "io/object_store.h"

namespace forewarn {

// uri: s3://bucket[/prefix] without a slash at its end.
Result<std::unique_ptr<ObjectStore>> OpenS3Store(const std::string& uri, const S3Settings& settings);

}  // namespace forewarn
