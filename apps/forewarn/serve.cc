// `forewarn serve sensors|inference|gateway`: one service in a process of its own, until it is told to stop.
#include <fmt/format.h>

#include <future>

#include "api/wall_time.h"
#include "clock.h"
#include "commands.h"
#include "host_options.h"
#include "object_stores.h"
#include "ops/service_lock.h"
#include "service_notify.h"
#include "stop_signal.h"

namespace forewarn {
namespace {

struct ServeFlags {
  std::string service;
  std::string listen;
  ServiceFlags common;
};

// One service's own: where it listens, and what of the options it takes.
struct Served {
  Service service;
  std::optional<ListenAt>* at;
  uint16_t port;
};

Result<Served> Choose(const std::string& name, const ServiceSettings& settings, HostOptions* options) {
  if (name == "sensors") return Served{Service::kSensors, &options->sensors, settings.sensors_port};
  if (name == "inference") return Served{Service::kInference, &options->inference, settings.inference_port};
  if (name == "gateway") return Served{Service::kGateway, &options->gateway, settings.gateway_port};
  return Status::Usage(fmt::format("unknown service '{}'; known: sensors, inference, gateway", name));
}

// Listening wider than this machine is said aloud, with who may come in.
void SayWhere(const Context& context, const HostOptions& options, const std::string& service,
              const ListenAt& at, uint16_t port) {
  const bool v6 = at.address.find(':') != std::string::npos;
  context.Say(fmt::format("{}: http://{}{}{}:{}", service, v6 ? "[" : "", at.address, v6 ? "]" : "", port));
  if (IsLoopbackAddress(at.address)) return;
  if (service == "gateway") {
    context.Say("gateway: it can be reached from other machines; put TLS in front of it");
  } else if (options.open) {
    context.Say(fmt::format("{}: OPEN: anybody who reaches it may use it, without a token", service));
  } else {
    context.Say(
        fmt::format("{}: it can be reached from other machines; they need the service token", service));
  }
}

Status Serve(const Context& context, const ServeFlags& flags) {
  std::promise<void> stop;
  const StopSignal signal([&stop] { stop.set_value(); },
                          [&context] {
                            if (context.reload) (void)context.reload();
                          });
  FW_ASSIGN_OR_RETURN(ServiceSettings settings, ReadServiceSettings(context));
  FW_RETURN_IF_ERROR(flags.common.ApplyTo(&settings));
  FW_ASSIGN_OR_RETURN(const DataFolder folder, DataFolder::Open(context.data_dir));
  FW_ASSIGN_OR_RETURN(HostOptions options, MakeHostOptions(context, settings, folder));
  FW_ASSIGN_OR_RETURN(const Served served, Choose(flags.service, settings, &options));
  ListenAt at{settings.listen, served.port};
  if (!flags.listen.empty()) FW_RETURN_IF_ERROR(ParseListen(flags.listen, &at.address, &at.port));
  *served.at = at;
  if (served.service == Service::kInference || (served.service == Service::kGateway && options.log_runs)) {
    FW_ASSIGN_OR_RETURN(options.registry, ServedRegistryOf(context));
  }
  const bool open = options.open;
  FW_ASSIGN_OR_RETURN(ServiceLock lock, ServiceLock::Take(folder, flags.service, SystemWallClock()()));
  FW_ASSIGN_OR_RETURN(const std::unique_ptr<ServiceHost> host, ServiceHost::Start(std::move(options)));
  const uint16_t port = host->port(served.service);
  FW_RETURN_IF_ERROR(lock.SetAddress(fmt::format("{}:{}", at.address, port)));
  HostOptions said;
  said.open = open;
  SayWhere(context, said, flags.service, at, port);
  NotifyServiceManager("READY=1");
  stop.get_future().wait();
  NotifyServiceManager("STOPPING=1");
  host->Stop();
  return Status::Ok();
}

}  // namespace

void AddServeCommand(CLI::App& app, const Context& context, Command& run) {
  auto* command = app.add_subcommand("serve", "one service: sensors, inference or gateway");
  const auto flags = std::make_shared<ServeFlags>();
  command->add_option("SERVICE", flags->service, "sensors, inference or gateway")->required();
  command->add_option("--listen", flags->listen, "ADDRESS:PORT; default loopback and the service's port");
  flags->common.Declare(command);
  command->callback([&context, &run, flags] { run = [&context, flags] { return Serve(context, *flags); }; });
}

}  // namespace forewarn
