#include "ops/service_lock.h"

#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <nlohmann/json.hpp>

#include "core/file.h"
#include "core/plant_time.h"

namespace forewarn {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr char kEnding[] = ".lock";

std::optional<ServiceHolder> ReadHolder(const fs::path& file) {
  const Result<std::string> text = ReadFile(file, 1 << 16);
  return text.ok() ? ParseHolder(text.value()) : std::nullopt;
}

bool IsAlive(long pid) { return ::kill(static_cast<pid_t>(pid), 0) == 0 || errno == EPERM; }

}  // namespace

std::string HolderText(const ServiceHolder& holder) {
  return Json{{"service", holder.service},
              {"pid", holder.pid},
              {"address", holder.address},
              {"since", holder.since}}
             .dump(-1, ' ', false, Json::error_handler_t::replace) +
         "\n";
}

std::optional<ServiceHolder> ParseHolder(std::string_view text) {
  const Json json = Json::parse(text, nullptr, false);
  if (!json.is_object()) return std::nullopt;
  const auto word = [&](const char* key, std::string* out) {
    if (!json.contains(key) || !json[key].is_string()) return false;
    *out = json[key].get<std::string>();
    const auto shown = [](unsigned char c) { return c >= ' ' && c < 127; };
    return out->size() <= 200 && std::all_of(out->begin(), out->end(), shown);
  };
  ServiceHolder out;
  if (!word("service", &out.service) || !word("address", &out.address) || !word("since", &out.since) ||
      !json.contains("pid") || !json["pid"].is_number_integer()) {
    return std::nullopt;
  }
  out.pid = json["pid"].get<long>();
  if (out.pid < 1 || out.pid > INT32_MAX) return std::nullopt;
  return out;
}

std::string DescribeHolder(const ServiceHolder& holder) {
  return fmt::format("{} (process {}{}{}, since {})", holder.service, holder.pid,
                     holder.address.empty() ? "" : ", at ", holder.address, holder.since);
}

std::vector<ServiceHolder> ReadHolders(const fs::path& folder) {
  std::vector<ServiceHolder> out;
  std::error_code error;
  for (fs::directory_iterator it(folder / "run", error), end; !error && it != end; it.increment(error)) {
    if (it->path().extension() != kEnding) continue;
    const auto holder = ReadHolder(it->path());
    if (holder && IsAlive(holder->pid)) out.push_back(*holder);
  }
  std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.service < b.service; });
  return out;
}

Result<ServiceLock> ServiceLock::Take(const DataFolder& folder, const std::string& service,
                                      int64_t since_us) {
  const fs::path file = folder.Run() / (service + kEnding);
  FW_ASSIGN_OR_RETURN(std::optional<FileLock> lock, FileLock::TryTake(file, FileLock::Mode::kExclusive));
  if (!lock) {
    const auto holder = ReadHolder(file);
    return Status::Busy(fmt::format("{} already runs on data folder '{}'; stop it, or use another --data-dir",
                                    holder ? DescribeHolder(*holder) : service, folder.path().string()));
  }
  ServiceLock out(std::move(*lock),
                  {service, static_cast<long>(::getpid()), "", FormatIsoUtc(since_us - since_us % kSecond)});
  FW_RETURN_IF_ERROR(out.SetAddress(""));
  return out;
}

Status ServiceLock::SetAddress(const std::string& address) {
  holder_.address = address;
  return lock_.Write(HolderText(holder_));
}

}  // namespace forewarn
