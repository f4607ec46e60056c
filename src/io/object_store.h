// Objects (named byte strings) under a URI: a folder (a plain path or `file:`) or an S3 bucket
// (`s3://bucket/prefix`, through Arrow's file system). Keys are relative, '/'-separated, without empty or
// ".." parts. An object appears whole or not at all; there is no switch of many objects at once, whoever
// needs one writes a manifest last. The S3 library is started by the first S3 store only and stopped by
// StopObjectStores. Calls block: keep them off request threads. An ObjectStore may be used by several
// threads.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/status.h"

namespace forewarn {

struct S3Settings {
  std::string endpoint_url;  // "http://host:port" of an S3-compatible server; "" = AWS itself
  std::string access_key_id;
  std::string secret_access_key;
  std::string session_token;  // "" for permanent keys
  std::string region = "us-east-1";
  double connect_timeout = 5;   // seconds
  double request_timeout = 30;  // seconds
  int retries = 2;              // further attempts of a failed request
};

struct ObjectStoreOptions {
  S3Settings s3;
};

class ObjectStore {
 public:
  virtual ~ObjectStore() = default;
  // The URI it was opened with, without a slash at its end.
  const std::string& uri() const { return uri_; }
  std::string UriOf(const std::string& key) const { return uri_ + "/" + key; }

  virtual Result<std::string> Read(const std::string& key) = 0;  // NotFound where there is none
  virtual Status Write(const std::string& key, std::string_view bytes) = 0;
  virtual Result<bool> Exists(const std::string& key) = 0;
  // Keys of all objects below prefix (a folder's name, "" = the root), ascending; none is no error.
  virtual Result<std::vector<std::string>> List(const std::string& prefix) = 0;
  virtual Status Copy(const std::string& from, const std::string& to) = 0;
  virtual Status Delete(const std::string& key) = 0;  // no error where there is none
  Status DeleteAll(const std::string& prefix);

 protected:
  explicit ObjectStore(std::string uri) : uri_(std::move(uri)) {}

 private:
  std::string uri_;
};

bool IsS3Uri(std::string_view uri);
// The folder of a plain path, "file:relative", "file:/absolute" or "file:///absolute"; fails for other
// schemes, naming those known.
Result<std::filesystem::path> LocalPathOf(const std::string& uri);

// Checks the URI and, for S3, that the bucket can be reached with these keys.
Result<std::unique_ptr<ObjectStore>> OpenObjectStore(const std::string& uri,
                                                     const ObjectStoreOptions& options);

// Ends the S3 library if it was started; main calls it last, when no store is left.
void StopObjectStores();

}  // namespace forewarn
