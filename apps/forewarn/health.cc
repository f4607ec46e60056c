// `forewarn health URL`: whether a service answers; for container health checks, where no curl is at hand.
#include <fmt/format.h>

#include <chrono>
#include <memory>

#include "commands.h"
#include "http/client.h"

namespace forewarn {
namespace {

struct Flags {
  std::string url;
  bool ready = false;
  double timeout_s = 3;
};

// A base address, to which a path is put: anything behind a '?' or '#' would swallow that.
Status CheckUrl(const std::string& url) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (url.starts_with(scheme) && url.size() > scheme.size() && url[scheme.size()] != '/' &&
        url.find_first_of(" ?#") == std::string::npos) {
      return Status::Ok();
    }
  }
  return Status::Usage(
      fmt::format("'{}' is no address of a service; write it as http://127.0.0.1:7501", url));
}

Status RunHealth(const Context& context, const Flags& flags) {
  FW_RETURN_IF_ERROR(CheckUrl(flags.url));
  std::string url = flags.url;
  while (url.ends_with('/')) url.pop_back();
  url += flags.ready ? "/ready" : "/health";
  http::ClientOptions options;
  options.timeout = std::chrono::milliseconds(static_cast<int64_t>(1000 * flags.timeout_s));
  options.connect_timeout = options.timeout;
  options.retries = 0;
  FW_ASSIGN_OR_RETURN(const http::ClientReply reply, http::Client(options).Get(url));
  if (reply.status != 200) {
    return Status::Unavailable(
        fmt::format("{} answers {}: {}", url, reply.status, std::string_view(reply.body).substr(0, 500)));
  }
  context.Print(url + " answers\n");
  if (context.json) context.PrintJson({{"url", url}, {"status", reply.status}});
  return Status::Ok();
}

}  // namespace

void AddHealthCommand(CLI::App& app, const Context& context, Command& run) {
  auto* command = app.add_subcommand("health", "whether a service answers; exit code 0 where it does");
  const auto flags = std::make_shared<Flags>();
  command->add_option("URL", flags->url, "the service, e.g. http://127.0.0.1:7501")->required();
  command->add_flag("--ready", flags->ready, "also whether its models are loaded");
  command->add_option("--timeout", flags->timeout_s, "seconds")
      ->check(CLI::Range(0.1, 600.0))
      ->capture_default_str();
  command->callback(
      [&context, &run, flags] { run = [&context, flags] { return RunHealth(context, *flags); }; });
}

}  // namespace forewarn
