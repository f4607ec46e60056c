// `forewarn serve sensors|inference|gateway`: one service in a process of its own.
#include <fmt/format.h>

#include <memory>
#include <optional>
#include <stop_token>
#include <thread>

#include "commands.h"
#include "core/log.h"
#include "hosting.h"
#include "stop_signal.h"
#include "stream/kafka_scorer.h"

namespace forewarn {
namespace {

struct Flags {
  std::string listen;
  double seconds_per_hour = 0;  // 0: the setting's
  bool open = false;
  std::optional<bool> open_registration;
  std::string kafka, kafka_group, kafka_instance;  // kafka "": the setting's
};

// Scores a topic beside the service's requests, on a thread of its own. What waiting cannot mend ends the
// process: a stream that stands still must be seen.
class Streaming {
 public:
  static Result<std::unique_ptr<Streaming>> Make(const std::string& brokers, const Flags& flags,
                                                 Hosting* hosting) {
    FW_ASSIGN_OR_RETURN(KafkaOptions options, ParseKafkaOptions(brokers));
    if (!flags.kafka_group.empty()) options.group = flags.kafka_group;
    options.instance = flags.kafka_instance;
    FW_ASSIGN_OR_RETURN(
        std::unique_ptr<KafkaScorer> scorer,
        KafkaScorer::Make(hosting->host().engine(), options, Counting(hosting->host().inference_metrics())));
    Log(LogLevel::kInfo, "kafka", "scoring",
        {{"brokers", options.brokers},
         {"from", options.readings_topic},
         {"to", options.risk_topic},
         {"dead_letters", options.dead_letter_topic}});
    return std::unique_ptr<Streaming>(new Streaming(std::move(scorer), hosting));
  }

  // Waits until what is in flight is written and committed; the failure it ended with, if any.
  Status End() {
    thread_.request_stop();
    thread_.join();
    const KafkaCounters& counters = scorer_->counters();
    Log(LogLevel::kInfo, "kafka", "stopped",
        {{"scored", static_cast<int64_t>(counters.scored)},
         {"dead_letters", static_cast<int64_t>(counters.dead_letters)},
         {"repeated", static_cast<int64_t>(counters.repeated)}});
    return status_;
  }

 private:
  // Into the service's /metrics.
  static std::function<void(KafkaCount)> Counting(http::Metrics* metrics) {
    const auto counter = [&](const char* outcome) {
      return &metrics->Counter("inference_stream_messages_total",
                               "Readings of the Kafka topic, by what became of them.",
                               {{"outcome", outcome}});
    };
    return [scored = counter("scored"), dead = counter("dead_letter"),
            repeated = counter("repeated")](KafkaCount what) {
      (what == KafkaCount::kScored ? scored : what == KafkaCount::kDeadLetter ? dead : repeated)->Increment();
    };
  }

  Streaming(std::unique_ptr<KafkaScorer> scorer, Hosting* hosting) : scorer_(std::move(scorer)) {
    thread_ = std::jthread([this, hosting](const std::stop_token& stop) {
      status_ = scorer_->Run(stop);
      if (!status_.ok()) hosting->Stop();
    });
  }

  std::unique_ptr<KafkaScorer> scorer_;
  Status status_;  // the thread's until it has ended
  std::jthread thread_;
};

Status RunServe(const Context& context, Service service, const Flags& flags) {
  UseLittleMemory();
  FW_ASSIGN_OR_RETURN(const Plant plant, context.LoadPlant());
  FW_ASSIGN_OR_RETURN(ServiceSettings settings, ReadServiceSettings(context));
  if (flags.seconds_per_hour > 0) settings.seconds_per_hour = flags.seconds_per_hour;
  settings.open = settings.open || flags.open;
  if (flags.open_registration) settings.open_registration = *flags.open_registration;
  FW_ASSIGN_OR_RETURN(const DataFolder folder, DataFolder::Open(context.data_dir));
  FW_ASSIGN_OR_RETURN(HostOptions options, HostOptionsOf(context, settings, plant, folder));
  std::optional<ListenAt>& at = service == Service::kSensors     ? options.sensors
                                : service == Service::kInference ? options.inference
                                                                 : options.gateway;
  const uint16_t port = service == Service::kSensors     ? settings.sensors_port
                        : service == Service::kInference ? settings.inference_port
                                                         : settings.gateway_port;
  at = {settings.listen, port};
  if (!flags.listen.empty()) FW_RETURN_IF_ERROR(ParseListen(flags.listen, &at->address, &at->port));
  FW_ASSIGN_OR_RETURN(const std::unique_ptr<Hosting> hosting, Hosting::Lock(folder, options));
  // Before the first thread: every thread blocks the signals then.
  const StopSignal stop([&] { hosting->Stop(); },
                        [&] {
                          if (context.reload) (void)context.reload();
                        });
  FW_RETURN_IF_ERROR(hosting->Start(std::move(options)));
  std::unique_ptr<Streaming> streaming;
  const std::string brokers = flags.kafka.empty() ? context.Get("kafka").value : flags.kafka;
  if (service == Service::kInference && !brokers.empty()) {
    FW_ASSIGN_OR_RETURN(streaming, Streaming::Make(brokers, flags, hosting.get()));
  }
  hosting->WaitForStop();
  Status status;
  if (streaming != nullptr) status = streaming->End();
  hosting->End();
  return status;
}

}  // namespace

void AddServeCommand(CLI::App& app, const Context& context, Command& run) {
  auto* command = app.add_subcommand("serve", "one service in a process of its own");
  command->require_subcommand(1);
  const auto flags = std::make_shared<Flags>();
  const auto add = [&](const char* name, const char* help, Service service) {
    auto* sub = command->add_subcommand(name, help);
    sub->add_option("--listen", flags->listen, "ADDRESS:PORT; default: settings listen and …_port");
    sub->callback([&context, &run, flags, service] {
      run = [&context, flags, service] { return RunServe(context, service, *flags); };
    });
    return sub;
  };
  auto* sensors = add("sensors", "the simulated plant: readings, history, scenarios", Service::kSensors);
  sensors
      ->add_option("--seconds-per-hour", flags->seconds_per_hour,
                   "wall seconds of a plant hour; default: setting seconds_per_hour")
      ->check(CLI::Range(kFastestHour, kSlowestHour));
  auto* inference = add("inference", "the models' answers", Service::kInference);
  inference->add_option("--kafka", flags->kafka,
                        "score a topic: BROKERS[/READINGS>RISK[!DEAD-LETTER]]; default: setting kafka");
  inference->add_option("--kafka-group", flags->kafka_group, "consumer group; default: forewarn");
  inference->add_option("--kafka-instance", flags->kafka_instance,
                        "this member's own lasting name in the group: a restart goes on at once");
  for (auto* service : {sensors, inference}) {
    service->add_flag("--open", flags->open, "listening wider than loopback asks for no bearer");
  }
  auto* gateway = add("gateway", "sign-in, history, the live bridge and the page", Service::kGateway);
  gateway->add_option("--open-registration", flags->open_registration,
                      "false: only an administrator adds accounts; default: setting open_registration");
}

}  // namespace forewarn
