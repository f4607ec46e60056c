#include "io/object_store.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/file.h"
#include "io/object_key.h"
#include "io/s3_store.h"

namespace forewarn {
namespace {

namespace fs = std::filesystem;

// Objects as files of a folder.
class FolderStore : public ObjectStore {
 public:
  FolderStore(std::string uri, fs::path root) : ObjectStore(std::move(uri)), root_(std::move(root)) {}

  Result<std::string> Read(const std::string& key) override {
    FW_RETURN_IF_ERROR(CheckKey(key));
    std::error_code error;
    if (!fs::exists(root_ / key, error) && !error) {
      return Status::NotFound(fmt::format("no object '{}'", UriOf(key)));
    }
    return ReadFile(root_ / key);
  }
  Status Write(const std::string& key, std::string_view bytes) override {
    FW_RETURN_IF_ERROR(CheckKey(key));
    const fs::path path = root_ / key;
    FW_RETURN_IF_ERROR(MakeFolders(path.parent_path()));
    return WriteFileAtomic(path, bytes);
  }
  Result<bool> Exists(const std::string& key) override {
    FW_RETURN_IF_ERROR(CheckKey(key));
    std::error_code error;
    const bool there = fs::is_regular_file(root_ / key, error);
    if (error && error != std::errc::no_such_file_or_directory && error != std::errc::not_a_directory) {
      return Status::Io(fmt::format("cannot look at '{}': {}", UriOf(key), error.message()));
    }
    return there;
  }
  Result<std::vector<std::string>> List(const std::string& prefix) override {
    if (!prefix.empty()) FW_RETURN_IF_ERROR(CheckKey(prefix));
    std::vector<std::string> keys;
    std::error_code error;
    fs::recursive_directory_iterator at(prefix.empty() ? root_ : root_ / prefix, error);
    if (error == std::errc::no_such_file_or_directory) return keys;
    for (; !error && at != fs::recursive_directory_iterator(); at.increment(error)) {
      std::error_code gone;  // a file may vanish meanwhile
      if (at->is_regular_file(gone)) keys.push_back(at->path().lexically_relative(root_).generic_string());
    }
    if (error) return Status::Io(fmt::format("cannot list '{}': {}", UriOf(prefix), error.message()));
    std::sort(keys.begin(), keys.end());
    return keys;
  }
  Status Copy(const std::string& from, const std::string& to) override {
    FW_ASSIGN_OR_RETURN(const std::string bytes, Read(from));
    return Write(to, bytes);
  }
  Status Delete(const std::string& key) override {
    FW_RETURN_IF_ERROR(CheckKey(key));
    std::error_code error;
    fs::remove(root_ / key, error);
    return error ? Status::Io(fmt::format("cannot delete '{}': {}", UriOf(key), error.message())) : Status();
  }

 private:
  fs::path root_;
};

}  // namespace

Status CheckKey(const std::string& key) {
  const auto bad = [&](const char* why) {
    return Status::Invalid(fmt::format("'{}' is no object key: {}", key.substr(0, 80), why));
  };
  if (key.empty()) return bad("it is empty");
  if (key.size() > 1024) return bad("it is longer than 1024 bytes");
  for (size_t begin = 0; begin <= key.size();) {
    const size_t end = std::min(key.find('/', begin), key.size());
    const std::string_view part = std::string_view(key).substr(begin, end - begin);
    if (part.empty()) return bad("a part between slashes is empty");
    if (part == "." || part == "..") return bad("'.' and '..' are no names");
    begin = end + 1;
  }
  for (const char c : key) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) return bad("it holds a control character");
  }
  return Status::Ok();
}

Status ObjectStore::DeleteAll(const std::string& prefix) {
  FW_ASSIGN_OR_RETURN(const std::vector<std::string> keys, List(prefix));
  for (const std::string& key : keys) FW_RETURN_IF_ERROR(Delete(key));
  return Status::Ok();
}

bool IsS3Uri(std::string_view uri) { return uri.starts_with("s3:"); }

Result<fs::path> LocalPathOf(const std::string& uri) {
  if (uri.empty())
    return Status::Invalid("the URI is empty; give a folder, file:FOLDER or s3://BUCKET/PREFIX");
  std::string_view path = uri;
  if (path.starts_with("file:")) {
    path.remove_prefix(5);
    if (path.starts_with("//")) {
      path.remove_prefix(2);
      if (path.starts_with("localhost/")) path.remove_prefix(9);
      if (!path.starts_with("/")) {
        return Status::Invalid(fmt::format("'{}' names a host; write file:///FOLDER for this machine", uri));
      }
    }
    if (path.empty()) return Status::Invalid(fmt::format("'{}' names no folder", uri));
  } else if (const size_t colon = path.find("://"); colon != std::string_view::npos) {
    return Status::Invalid(
        fmt::format("'{}': the scheme '{}' is unknown; known: a folder, file:FOLDER, "
                    "s3://BUCKET/PREFIX",
                    uri, path.substr(0, colon)));
  }
  return fs::path(path);
}

Result<std::unique_ptr<ObjectStore>> OpenObjectStore(const std::string& uri,
                                                     const ObjectStoreOptions& options) {
  std::string trimmed = uri;
  while (trimmed.size() > 1 && trimmed.back() == '/') trimmed.pop_back();
  if (IsS3Uri(trimmed)) return OpenS3Store(trimmed, options.s3);
  FW_ASSIGN_OR_RETURN(fs::path root, LocalPathOf(trimmed));
  return std::unique_ptr<ObjectStore>(std::make_unique<FolderStore>(trimmed, std::move(root)));
}

}  // namespace forewarn
