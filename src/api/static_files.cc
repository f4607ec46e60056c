#include "api/static_files.h"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <set>

#include "api/service_routes.h"
#include "core/file.h"
#include "core/names.h"

namespace forewarn {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t kMaxBytes = uint64_t{64} << 20;
constexpr size_t kWorthCompressing = 1024;
constexpr char kIndex[] = "index.html";
constexpr char kHashed[] = "assets/";

std::string ContentTypeOf(const fs::path& path) {
  static const std::map<std::string, std::string> kTypes = {
      {".html", "text/html; charset=utf-8"},
      {".js", "text/javascript; charset=utf-8"},
      {".css", "text/css; charset=utf-8"},
      {".json", "application/json"},
      {".svg", "image/svg+xml"},
      {".png", "image/png"},
      {".ico", "image/x-icon"},
      {".webmanifest", "application/manifest+json"},
      {".woff2", "font/woff2"},
      {".txt", "text/plain; charset=utf-8"},
      {".map", "application/json"},
  };
  const auto type = kTypes.find(ToLower(path.extension().string()));
  return type == kTypes.end() ? "application/octet-stream" : type->second;
}

bool IsText(const std::string& content_type) {
  return content_type.rfind("text/", 0) == 0 || content_type == "application/json" ||
         content_type == "image/svg+xml" || content_type == "application/manifest+json";
}

// Empty where zlib fails or the result is no smaller.
std::string Gzip(const std::string& bytes) {
  z_stream stream{};
  constexpr int kGzipWindow = 15 + 16;
  if (deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, kGzipWindow, 9, Z_DEFAULT_STRATEGY) != Z_OK)
    return {};
  std::string out(deflateBound(&stream, bytes.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  const bool done = deflate(&stream, Z_FINISH) == Z_STREAM_END;
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return done && out.size() < bytes.size() ? out : std::string();
}

// "gzip" in a list of codings, not refused by q=0.
bool TakesGzip(std::string_view accept) {
  while (!accept.empty()) {
    const size_t comma = std::min(accept.find(','), accept.size());
    const std::string_view item = accept.substr(0, comma);
    const size_t semicolon = std::min(item.find(';'), item.size());
    const std::string_view coding = Trim(item.substr(0, semicolon));
    const std::string_view quality = Trim(item.substr(std::min(semicolon + 1, item.size())));
    if (ToLower(coding) == "gzip") return quality != "q=0" && quality.rfind("q=0.0", 0) != 0;
    accept.remove_prefix(std::min(comma + 1, accept.size()));
  }
  return false;
}

// If-None-Match: a list of validators, weak or strong, or "*".
bool Matches(std::string_view list, const std::string& etag) {
  return list == "*" || (!list.empty() && list.find(etag) != std::string_view::npos);
}

}  // namespace

Result<std::shared_ptr<const StaticFiles>> StaticFiles::Load(const fs::path& folder) {
  const auto files = std::make_shared<StaticFiles>();
  std::error_code error;
  uint64_t bytes = 0;
  for (fs::recursive_directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    if (!it->is_regular_file(error)) continue;
    File file;
    FW_ASSIGN_OR_RETURN(file.bytes, ReadFile(it->path(), kMaxBytes));
    bytes += file.bytes.size();
    if (bytes > kMaxBytes) {
      return Status::Invalid(fmt::format("{}: more than {} bytes of files", folder.string(), kMaxBytes));
    }
    file.content_type = ContentTypeOf(it->path());
    file.etag = '"' + Sha256Hex(file.bytes).substr(0, 16) + '"';
    if (IsText(file.content_type) && file.bytes.size() >= kWorthCompressing) file.gzip = Gzip(file.bytes);
    files->files_[it->path().lexically_relative(folder).generic_string()] = std::move(file);
  }
  if (error) return Status::Io(fmt::format("{}: {}", folder.string(), error.message()));
  if (files->files_.count(kIndex) == 0) {
    return Status::NotFound(fmt::format("{}: no {} there; build the page first", folder.string(), kIndex));
  }
  return std::shared_ptr<const StaticFiles>(files);
}

std::optional<http::Response> StaticFiles::Answer(std::string_view path, const http::Request& request) const {
  const auto found = files_.find(path.empty() ? std::string_view(kIndex) : path);
  if (found == files_.end()) return std::nullopt;
  const File& file = found->second;
  http::Response reply;
  reply.headers.push_back({"ETag", file.etag});
  reply.headers.push_back({"Vary", "Accept-Encoding"});
  const bool hashed = found->first.rfind(kHashed, 0) == 0;
  reply.headers.push_back({"Cache-Control", hashed ? "public, max-age=31536000, immutable" : "no-cache"});
  if (Matches(request.Header("If-None-Match"), file.etag)) {
    reply.status = 304;
    return reply;
  }
  reply.content_type = file.content_type;
  reply.static_body = file.bytes;
  if (!file.gzip.empty() && TakesGzip(request.Header("Accept-Encoding"))) {
    reply.static_body = file.gzip;
    reply.headers.push_back({"Content-Encoding", "gzip"});
  }
  if (found->first == kIndex) reply.headers.push_back(PagePolicy());
  return reply;
}

void StaticFiles::Mount(http::Router& router, const std::shared_ptr<const StaticFiles>& files) {
  const auto add = [&](const std::string& pattern, const std::string& prefix) {
    router.Add(http::Method::kGet, pattern,
               http::Inline{[files, prefix, &router](const http::Request& request) {
                 auto reply = files->Answer(prefix + std::string(request.Param("path")), request);
                 return reply ? std::move(*reply) : router.NotFound(request);
               }});
  };
  add("/", "");
  std::set<std::string> folders;
  for (const auto& [path, file] : files->files_) {
    const size_t slash = path.find('/');
    if (slash == std::string::npos) {
      add("/" + path, path);
    } else if (folders.insert(path.substr(0, slash)).second) {
      add("/" + path.substr(0, slash) + "/{path...}", path.substr(0, slash + 1));
    }
  }
}

fs::path FindPageFolder() {
  std::error_code error;
  const fs::path program = fs::read_symlink("/proc/self/exe", error);
  if (error) return {};
  const fs::path beside = program.parent_path();
  for (const fs::path& candidate : {beside / "ui", beside.parent_path() / "share" / "forewarn" / "ui"}) {
    if (fs::is_regular_file(candidate / kIndex, error)) return candidate;
  }
  return {};
}

}  // namespace forewarn
