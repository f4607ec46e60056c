#include "io/s3_store.h"

#include <arrow/buffer.h>
#include <arrow/filesystem/s3fs.h>
#include <arrow/io/interfaces.h>
#include <fmt/format.h>

#include <algorithm>

#include "core/names.h"
#include "io/arrow_status.h"
#include "io/object_key.h"

namespace forewarn {
namespace {

bool Mentions(const std::string& text, std::initializer_list<std::string_view> words) {
  return std::any_of(words.begin(), words.end(),
                     [&](std::string_view word) { return text.find(word) != std::string::npos; });
}

// Where an S3 URI leads and with what; enough to explain a failure.
struct S3Place {
  std::string uri;
  std::string bucket;
  std::string server;  // for messages
};

Status InWords(const arrow::Status& status, const std::string& doing, const S3Place& place) {
  if (status.ok()) return Status::Ok();
  const std::string text = status.message();
  const std::string what = fmt::format("cannot {}", doing);
  if (Mentions(text, {"NO_SUCH_BUCKET", "NoSuchBucket"}) ||
      (status.IsIOError() && Mentions(text, {"Bucket '" + place.bucket + "' not found"}))) {
    return Status::NotFound(fmt::format("{}: there is no bucket '{}' on {}; make it or correct the URI", what,
                                        place.bucket, place.server));
  }
  if (Mentions(text, {"INVALID_ACCESS_KEY_ID", "InvalidAccessKeyId", "SIGNATURE_DOES_NOT_MATCH",
                      "SignatureDoesNotMatch", "INVALID_CLIENT_TOKEN_ID", "ACCESS_DENIED", "AccessDenied",
                      "HTTP status 403", "HTTP response code: 403", "HTTP status 401"})) {
    return Status::Io(
        fmt::format("{}: {} refuses the keys; check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY and "
                    "what they may do on '{}'",
                    what, place.server, place.bucket));
  }
  if (Mentions(text, {"NETWORK_CONNECTION", "curlCode", "REQUEST_TIMEOUT", "SLOW_DOWN", "SERVICE_UNAVAILABLE",
                      "INTERNAL_FAILURE"})) {
    return Status::Unavailable(
        fmt::format("{}: {} does not answer; is it up and is the endpoint right?", what, place.server));
  }
  if (Mentions(text, {"PATH_NOT_FOUND", "Path does not exist", "does not exist", "NO_SUCH_KEY",
                      "RESOURCE_NOT_FOUND"})) {
    return Status::NotFound(fmt::format("{}: it does not exist", what));
  }
  return Status::Io(fmt::format("{}: {}", what, FirstLine(text)));
}

class S3Store : public ObjectStore {
 public:
  S3Store(S3Place place, std::string root, std::shared_ptr<arrow::fs::S3FileSystem> files)
      : ObjectStore(place.uri), place_(std::move(place)), root_(std::move(root)), files_(std::move(files)) {}

  Result<std::string> Read(const std::string& key) override {
    FW_RETURN_IF_ERROR(CheckKey(key));
    return GuardArrow([&]() -> Result<std::string> {
      const std::string doing = "read '" + UriOf(key) + "'";
      auto file = files_->OpenInputFile(PathOf(key));
      if (!file.ok()) return InWords(file.status(), doing, place_);
      const auto size = (*file)->GetSize();
      if (!size.ok()) return InWords(size.status(), doing, place_);
      std::string bytes(static_cast<size_t>(*size), '\0');
      const auto got = (*file)->ReadAt(0, *size, bytes.data());
      if (!got.ok()) return InWords(got.status(), doing, place_);
      if (*got != *size) return Status::Io(fmt::format("cannot {}: it is cut short", doing));
      return bytes;
    });
  }

  Status Write(const std::string& key, std::string_view bytes) override {
    FW_RETURN_IF_ERROR(CheckKey(key));
    return GuardArrow([&]() -> Status {
      const std::string doing = "write '" + UriOf(key) + "'";
      auto stream = files_->OpenOutputStream(PathOf(key));
      if (!stream.ok()) return InWords(stream.status(), doing, place_);
      arrow::Status status = (*stream)->Write(bytes.data(), static_cast<int64_t>(bytes.size()));
      if (status.ok()) status = (*stream)->Close();  // only now does the object appear
      if (!status.ok()) (void)(*stream)->Abort();
      return InWords(status, doing, place_);
    });
  }

  Result<bool> Exists(const std::string& key) override {
    FW_RETURN_IF_ERROR(CheckKey(key));
    return GuardArrow([&]() -> Result<bool> {
      const auto info = files_->GetFileInfo(PathOf(key));
      if (!info.ok()) return InWords(info.status(), "look at '" + UriOf(key) + "'", place_);
      return info->IsFile();
    });
  }

  Result<std::vector<std::string>> List(const std::string& prefix) override {
    if (!prefix.empty()) FW_RETURN_IF_ERROR(CheckKey(prefix));
    return GuardArrow([&]() -> Result<std::vector<std::string>> {
      arrow::fs::FileSelector below;
      below.base_dir = prefix.empty() ? root_ : PathOf(prefix);
      below.recursive = true;
      below.allow_not_found = true;
      const auto found = files_->GetFileInfo(below);
      if (!found.ok()) return InWords(found.status(), "list '" + UriOf(prefix) + "'", place_);
      std::vector<std::string> keys;
      for (const auto& info : *found) {
        if (info.IsFile()) keys.push_back(info.path().substr(root_.size() + 1));
      }
      std::sort(keys.begin(), keys.end());
      return keys;
    });
  }

  Status Copy(const std::string& from, const std::string& to) override {
    FW_RETURN_IF_ERROR(CheckKey(from));
    FW_RETURN_IF_ERROR(CheckKey(to));
    return GuardArrow([&]() -> Status {
      return InWords(files_->CopyFile(PathOf(from), PathOf(to)),
                     "copy '" + UriOf(from) + "' to '" + UriOf(to) + "'", place_);
    });
  }

  Status Delete(const std::string& key) override {
    FW_ASSIGN_OR_RETURN(const bool there, Exists(key));
    if (!there) return Status::Ok();
    return GuardArrow([&]() -> Status {
      return InWords(files_->DeleteFile(PathOf(key)), "delete '" + UriOf(key) + "'", place_);
    });
  }

 private:
  std::string PathOf(const std::string& key) const { return root_ + "/" + key; }

  S3Place place_;
  std::string root_;  // bucket[/prefix]
  std::shared_ptr<arrow::fs::S3FileSystem> files_;
};

Status CheckBucket(const std::string& uri, std::string_view bucket) {
  const bool good =
      bucket.size() >= 3 && bucket.size() <= 63 && std::all_of(bucket.begin(), bucket.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
      });
  if (good) return Status::Ok();
  return Status::Invalid(
      fmt::format("'{}': '{}' is no bucket name (3 to 63 of a-z, 0-9, '-', '.'); write "
                  "s3://BUCKET/PREFIX",
                  uri, bucket));
}

Result<arrow::fs::S3Options> MakeOptions(const S3Settings& settings) {
  arrow::fs::S3Options options;
  options.ConfigureAccessKey(settings.access_key_id, settings.secret_access_key, settings.session_token);
  options.region = settings.region;
  options.connect_timeout = settings.connect_timeout;
  options.request_timeout = settings.request_timeout;
  options.background_writes = false;
  options.retry_strategy = arrow::fs::S3RetryStrategy::GetAwsDefaultRetryStrategy(settings.retries);
  if (settings.endpoint_url.empty()) return options;
  const size_t colon = settings.endpoint_url.find("://");
  options.scheme = colon == std::string::npos ? "" : settings.endpoint_url.substr(0, colon);
  options.endpoint_override = settings.endpoint_url.substr(colon == std::string::npos ? 0 : colon + 3);
  while (options.endpoint_override.ends_with('/')) options.endpoint_override.pop_back();
  if ((options.scheme != "http" && options.scheme != "https") || options.endpoint_override.empty() ||
      options.endpoint_override.find('/') != std::string::npos) {
    return Status::Invalid(
        fmt::format("'{}' is no S3 endpoint; write http://HOST:PORT or https://HOST", settings.endpoint_url));
  }
  return options;
}

}  // namespace

Result<std::unique_ptr<ObjectStore>> OpenS3Store(const std::string& uri, const S3Settings& settings) {
  if (!uri.starts_with("s3://")) {
    return Status::Invalid(fmt::format("'{}' is no S3 URI; write s3://BUCKET/PREFIX", uri));
  }
  const std::string root = uri.substr(5);
  const size_t slash = root.find('/');
  S3Place place{uri, root.substr(0, slash),
                settings.endpoint_url.empty() ? "AWS S3" : "the S3 server " + settings.endpoint_url};
  FW_RETURN_IF_ERROR(CheckBucket(uri, place.bucket));
  if (slash != std::string::npos) FW_RETURN_IF_ERROR(CheckKey(root.substr(slash + 1)).WithPrefix(uri));
  if (settings.access_key_id.empty() || settings.secret_access_key.empty()) {
    return Status::Invalid(
        fmt::format("'{}' needs keys; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY", uri));
  }
  FW_ASSIGN_OR_RETURN(const arrow::fs::S3Options options, MakeOptions(settings));
  return GuardArrow([&]() -> Result<std::unique_ptr<ObjectStore>> {
    if (!arrow::fs::IsS3Initialized()) {
      arrow::fs::S3GlobalOptions global = arrow::fs::S3GlobalOptions::Defaults();
      global.log_level = arrow::fs::S3LogLevel::Fatal;  // failures come back as Status
      FW_RETURN_IF_ERROR(FromArrow(arrow::fs::InitializeS3(global)));
    }
    auto files = arrow::fs::S3FileSystem::Make(options);
    if (!files.ok()) return InWords(files.status(), "open '" + uri + "'", place);
    const auto bucket = (*files)->GetFileInfo(place.bucket);
    if (!bucket.ok()) return InWords(bucket.status(), "open '" + uri + "'", place);
    if (bucket->type() == arrow::fs::FileType::NotFound) {
      return Status::NotFound(
          fmt::format("cannot open '{}': there is no bucket '{}' on {}; make it or correct the "
                      "URI",
                      uri, place.bucket, place.server));
    }
    return std::unique_ptr<ObjectStore>(std::make_unique<S3Store>(place, root, *std::move(files)));
  });
}

void StopObjectStores() {
  if (arrow::fs::IsS3Initialized()) (void)arrow::fs::FinalizeS3();
}

}  // namespace forewarn
