#include "io/xlsx_zip.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace forewarn {
namespace {

constexpr uint64_t kRatioFrom = uint64_t{16} << 20;

// libzip takes it for an archive without parts.
Status Empty() { return Status::Invalid("is empty, not an XLSX workbook; export it again"); }

Status NotAnArchive(zip_error_t* error) {
  const int code = zip_error_code_zip(error);
  if (code == ZIP_ER_OPEN || code == ZIP_ER_READ || code == ZIP_ER_NOENT) {
    const int system = zip_error_code_system(error);
    return Status::Io(std::string("cannot be read: ") +
                      (system != 0 ? std::strerror(system) : zip_error_strerror(error)));
  }
  if (code == ZIP_ER_NOZIP || code == ZIP_ER_INCONS || code == ZIP_ER_EOF) {
    return Status::Invalid(
        "is not an XLSX workbook (no complete zip directory): it is cut short or of another kind; "
        "export it again");
  }
  return Status::Invalid(std::string("is not a readable XLSX workbook: ") + zip_error_strerror(error));
}

}  // namespace

Result<ZipReader> ZipReader::Open(const std::filesystem::path& path, const ZipLimits& limits) {
  std::error_code failed;
  const auto bytes = std::filesystem::file_size(path, failed);
  if (failed) return Status::Io("cannot be read: " + failed.message());
  if (bytes == 0) return Empty();
  int code = 0;
  zip_t* archive = zip_open(path.c_str(), ZIP_RDONLY, &code);
  if (archive == nullptr) {
    zip_error_t error;
    const int system = errno;
    zip_error_init_with_code(&error, code);
    zip_error_set(&error, code, system);
    Status status = NotAnArchive(&error);
    zip_error_fini(&error);
    return status;
  }
  return ZipReader(archive, bytes, limits);
}

Result<ZipReader> ZipReader::OpenBytes(std::string_view bytes, const ZipLimits& limits) {
  if (bytes.empty()) return Empty();
  zip_error_t error;
  zip_error_init(&error);
  zip_source_t* source = zip_source_buffer_create(bytes.data(), bytes.size(), 0, &error);
  zip_t* archive = source != nullptr ? zip_open_from_source(source, ZIP_RDONLY, &error) : nullptr;
  if (archive == nullptr) {
    if (source != nullptr) zip_source_free(source);
    Status status = NotAnArchive(&error);
    zip_error_fini(&error);
    return status;
  }
  zip_error_fini(&error);
  return ZipReader(archive, bytes.size(), limits);
}

bool ZipReader::Has(const std::string& name) const {
  return zip_name_locate(archive_.get(), name.c_str(), ZIP_FL_NOCASE) >= 0;
}

Status ZipReader::Read(const std::string& name, const std::function<Status(std::string_view)>& sink) {
  const zip_int64_t index = zip_name_locate(archive_.get(), name.c_str(), ZIP_FL_NOCASE);
  if (index < 0)
    return Status::Invalid("has no part '" + name + "': it is no XLSX workbook, or damaged; export it again");
  const auto entry = static_cast<zip_uint64_t>(index);
  zip_stat_t stat;
  zip_stat_init(&stat);
  if (zip_stat_index(archive_.get(), entry, 0, &stat) != 0) {
    return Status::Invalid("part '" + name + "' is damaged: " + zip_strerror(archive_.get()));
  }
  zip_file_t* file = zip_fopen_index(archive_.get(), entry, 0);
  if (file == nullptr)
    return Status::Invalid("part '" + name + "' cannot be unpacked: " + zip_strerror(archive_.get()));
  const std::unique_ptr<zip_file_t, int (*)(zip_file_t*)> closer(file, zip_fclose);

  // What the directory says about sizes may be a lie: the bytes that come out are counted.
  const bool stated = (stat.valid & ZIP_STAT_COMP_SIZE) != 0;
  const uint64_t packed = std::max<uint64_t>(1, stated ? std::min<uint64_t>(stat.comp_size, bytes_) : bytes_);
  uint64_t unpacked = 0;
  std::array<char, 64 * 1024> buffer;
  for (;;) {
    const zip_int64_t got = zip_fread(file, buffer.data(), buffer.size());
    if (got < 0) {
      return Status::Invalid("part '" + name + "' is damaged (" + zip_file_strerror(file) +
                             "); export it again");
    }
    if (got == 0) return Status::Ok();
    unpacked += static_cast<uint64_t>(got);
    if (unpacked > limits_.max_entry_bytes ||
        (unpacked > kRatioFrom && unpacked / packed > limits_.max_ratio)) {
      return Status::Invalid("part '" + name + "' unpacks to more than " + std::to_string(unpacked >> 20) +
                             " MiB from " + std::to_string(packed >> 10) + " KiB: refused as a zip bomb");
    }
    FW_RETURN_IF_ERROR(sink({buffer.data(), static_cast<size_t>(got)}));
  }
}

}  // namespace forewarn
