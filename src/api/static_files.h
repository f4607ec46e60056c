// The operator's page as files: read into memory once, compressed once, served with validators from memory,
// so that no request touches the disk and no path can leave the folder. Constant after Load; any thread.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/status.h"
#include "http/router.h"

namespace forewarn {

class StaticFiles {
 public:
  // Every file below the folder, at most 64 MiB; index.html must be there.
  static Result<std::shared_ptr<const StaticFiles>> Load(const std::filesystem::path& folder);

  // path: "" or "index.html", "assets/app-1a2b3c.js". 304 where the client has it; nullopt: no such file.
  std::optional<http::Response> Answer(std::string_view path, const http::Request& request) const;

  // "/" gives index.html; each file and folder at the top has a route of its own. Files below assets/ carry
  // their content's hash in their names and are kept for ever.
  static void Mount(http::Router& router, const std::shared_ptr<const StaticFiles>& files);

 private:
  struct File {
    std::string content_type;
    std::string bytes, gzip;  // gzip: empty where it would not be smaller
    std::string etag;
  };
  std::map<std::string, File, std::less<>> files_;
};

// Where the page lies: beside the program as built, or in share/ as installed. Empty if nowhere.
std::filesystem::path FindPageFolder();

}  // namespace forewarn
