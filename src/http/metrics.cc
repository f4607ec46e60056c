#include "http/metrics.h"

#include <prometheus/collectable.h>
#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <sstream>

namespace forewarn::http {
namespace {

const std::vector<double>& RequestBuckets() {
  static const std::vector<double> kBuckets = {.0001, .00025, .0005, .001, .0025, .005, .01, .025,
                                               .05,   .1,     .25,   .5,   1,     2.5,  5};
  return kBuckets;
}

prometheus::MetricFamily One(const char* name, const char* help, prometheus::MetricType type, double value) {
  prometheus::MetricFamily family{name, help, type, {}};
  prometheus::ClientMetric metric;
  if (type == prometheus::MetricType::Counter) {
    metric.counter.value = value;
  } else {
    metric.gauge.value = value;
  }
  family.metric.push_back(std::move(metric));
  return family;
}

double ResidentBytes() {
  std::ifstream statm("/proc/self/statm");
  double pages = 0;
  double resident = 0;
  statm >> pages >> resident;
  return resident * static_cast<double>(sysconf(_SC_PAGESIZE));
}

double CpuSeconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

double OpenFiles() {
  std::error_code error;
  const std::filesystem::directory_iterator files("/proc/self/fd", error);
  if (error) return 0;
  return static_cast<double>(std::distance(begin(files), end(files))) - 1;  // without the listing's own
}

// Seconds since 1970: field 22 of /proc/self/stat is the start in clock ticks since boot.
double StartTime() {
  std::ifstream stat("/proc/self/stat");
  std::string text((std::istreambuf_iterator<char>(stat)), {});
  const size_t name_end = text.rfind(')');
  if (name_end == std::string::npos) return 0;
  std::istringstream fields(text.substr(name_end + 1));
  std::string skipped;
  for (int i = 3; i < 22; ++i) fields >> skipped;
  double ticks = 0;
  fields >> ticks;
  timespec now{};
  timespec up{};
  clock_gettime(CLOCK_REALTIME, &now);
  clock_gettime(CLOCK_BOOTTIME, &up);
  return static_cast<double>(now.tv_sec - up.tv_sec) + ticks / static_cast<double>(sysconf(_SC_CLK_TCK));
}

class ProcessMetrics : public prometheus::Collectable {
 public:
  std::vector<prometheus::MetricFamily> Collect() const override {
    using Type = prometheus::MetricType;
    return {
        One("process_resident_memory_bytes", "Resident memory.", Type::Gauge, ResidentBytes()),
        One("process_cpu_seconds_total", "CPU time, user and system.", Type::Counter, CpuSeconds()),
        One("process_open_fds", "Open files and sockets.", Type::Gauge, OpenFiles()),
        One("process_start_time_seconds", "Start of the process since 1970.", Type::Gauge, start_time_),
    };
  }

 private:
  const double start_time_ = StartTime();
};

}  // namespace

Histogram::Histogram(std::vector<double> buckets)
    : bounds_(std::move(buckets)), counts_(std::make_unique<std::atomic<uint64_t>[]>(bounds_.size() + 1)) {}

void Histogram::Observe(double value) {
  const auto bucket = std::lower_bound(bounds_.begin(), bounds_.end(), value) - bounds_.begin();
  counts_[static_cast<size_t>(bucket)].fetch_add(1, std::memory_order_relaxed);
  sum_.fetch_add(value, std::memory_order_relaxed);
}

uint64_t Histogram::count() const {
  uint64_t count = 0;
  for (size_t i = 0; i <= bounds_.size(); ++i) count += counts_[i].load(std::memory_order_relaxed);
  return count;
}

struct Metrics::Impl {
  struct HistogramFamily {
    std::string help;
    std::map<Labels, std::unique_ptr<http::Histogram>> members;
  };

  mutable std::mutex mutex;
  prometheus::Registry registry{prometheus::Registry::InsertBehavior::Merge};
  std::map<std::string, HistogramFamily> histograms;
  struct Given {
    prometheus::Family<prometheus::Gauge>* family;
    prometheus::Gauge* gauge;
  };
  std::map<std::pair<std::string, std::string>, Given> infos;
  ProcessMetrics process;

  std::vector<prometheus::MetricFamily> CollectHistograms() const;
};

std::vector<prometheus::MetricFamily> Metrics::Impl::CollectHistograms() const {
  const std::lock_guard lock(mutex);
  std::vector<prometheus::MetricFamily> out;
  for (const auto& [name, family] : histograms) {
    prometheus::MetricFamily collected{name, family.help, prometheus::MetricType::Histogram, {}};
    for (const auto& [labels, histogram] : family.members) {
      collected.metric.push_back(histogram->Collect(labels));
    }
    out.push_back(std::move(collected));
  }
  return out;
}

prometheus::ClientMetric Histogram::Collect(const Labels& labels) const {
  prometheus::ClientMetric metric;
  for (const auto& [name, value] : labels) metric.label.push_back({name, value});
  uint64_t cumulative = 0;
  for (size_t i = 0; i <= bounds_.size(); ++i) {
    cumulative += counts_[i].load(std::memory_order_relaxed);
    const double bound = i < bounds_.size() ? bounds_[i] : std::numeric_limits<double>::infinity();
    metric.histogram.bucket.push_back({cumulative, bound});
  }
  metric.histogram.sample_count = cumulative;
  metric.histogram.sample_sum = sum_.load(std::memory_order_relaxed);
  return metric;
}

Metrics::Metrics() : impl_(std::make_unique<Impl>()) {}
Metrics::~Metrics() = default;

prometheus::Counter& Metrics::Counter(const std::string& name, const std::string& help,
                                      const Labels& labels) {
  return prometheus::BuildCounter().Name(name).Help(help).Register(impl_->registry).Add(labels);
}

prometheus::Gauge& Metrics::Gauge(const std::string& name, const std::string& help, const Labels& labels) {
  return prometheus::BuildGauge().Name(name).Help(help).Register(impl_->registry).Add(labels);
}

Histogram& Metrics::Histogram(const std::string& name, const std::string& help,
                              const std::vector<double>& buckets, const Labels& labels) {
  const std::lock_guard lock(impl_->mutex);
  Impl::HistogramFamily& family = impl_->histograms[name];
  family.help = help;
  std::unique_ptr<http::Histogram>& member = family.members[labels];
  if (!member) member = std::make_unique<http::Histogram>(buckets);
  return *member;
}

void Metrics::Info(const std::string& name, const std::string& help, const std::string& key,
                   const Labels& labels) {
  auto& family = prometheus::BuildGauge().Name(name).Help(help).Register(impl_->registry);
  const std::lock_guard lock(impl_->mutex);
  auto& gauge = family.Add(labels);
  gauge.Set(1);
  const auto [place, is_new] = impl_->infos.try_emplace({name, key}, Impl::Given{&family, &gauge});
  if (is_new || place->second.gauge == &gauge) return;
  place->second.family->Remove(place->second.gauge);
  place->second = {&family, &gauge};
}

// What the hook of one router counts; counters are made when their code is first seen.
class RequestCounts {
 public:
  RequestCounts(Metrics& metrics, const Router& router) : metrics_(metrics) {
    for (const auto& route : router.routes()) {
      routes_.emplace_back(std::make_unique<OfRoute>());
      routes_.back()->method = MethodName(route->method);
      routes_.back()->pattern = route->pattern;
      routes_.back()->seconds =
          &metrics.Histogram("http_request_seconds", "Time from the whole request to its reply.",
                             RequestBuckets(), {{"route", route->pattern}});
    }
    routes_.emplace_back(std::make_unique<OfRoute>());  // for what has no route
    routes_.back()->method = "any";
    routes_.back()->pattern = "none";
  }

  void Count(const Exchange& exchange) {
    const bool routed = exchange.route != nullptr && exchange.route->index + 1 < routes_.size();
    OfRoute& of = *(routed ? routes_[exchange.route->index] : routes_.back());
    const size_t slot = static_cast<size_t>(std::clamp(exchange.status, 0, kCodes - 1));
    prometheus::Counter* counter = of.by_code[slot].load(std::memory_order_acquire);
    if (counter == nullptr) {
      counter = &metrics_.Counter(
          "http_requests_total", "Answered requests.",
          {{"method", of.method}, {"route", of.pattern}, {"code", std::to_string(exchange.status)}});
      of.by_code[slot].store(counter, std::memory_order_release);
    }
    counter->Increment();
    if (of.seconds != nullptr) of.seconds->Observe(exchange.seconds);
  }

 private:
  static constexpr int kCodes = 600;
  struct OfRoute {
    std::string method;
    std::string pattern;
    Histogram* seconds = nullptr;
    std::array<std::atomic<prometheus::Counter*>, kCodes> by_code{};
  };

  Metrics& metrics_;
  std::vector<std::unique_ptr<OfRoute>> routes_;
};

void Metrics::Observe(Router& router) {
  const auto counts = std::make_shared<RequestCounts>(*this, router);
  router.Hook([counts](const Exchange& exchange) { counts->Count(exchange); });
}

std::string Metrics::Text() const {
  std::vector<prometheus::MetricFamily> all = impl_->registry.Collect();
  for (auto&& part : {impl_->CollectHistograms(), impl_->process.Collect()}) {
    all.insert(all.end(), part.begin(), part.end());
  }
  return prometheus::TextSerializer().Serialize(all);
}

Response Metrics::Reply() const {
  Response response;
  response.content_type = "text/plain; version=0.0.4; charset=utf-8";
  response.body = Text();
  return response;
}

}  // namespace forewarn::http
