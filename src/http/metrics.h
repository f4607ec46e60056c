// The metrics of one service and their text form for Prometheus (0.0.4), over prometheus-cpp. Registering
// takes a lock; keep the reference and use it on the hot path, where all three kinds are atomics. All label
// values a dashboard expects should be registered at the start, so that they exist with 0. Any thread.
#pragma once

#include <prometheus/counter.h>
#include <prometheus/gauge.h>

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "http/message.h"
#include "http/router.h"

namespace forewarn::http {

using Labels = std::map<std::string, std::string>;

// Without a lock, which prometheus-cpp's own has. A reading taken meanwhile may lack the latest observation
// in its sum, never in its count.
class Histogram {
 public:
  explicit Histogram(std::vector<double> buckets);  // upper bounds, rising
  void Observe(double value);
  uint64_t count() const;

 private:
  friend class Metrics;
  prometheus::ClientMetric Collect(const Labels& labels) const;

  const std::vector<double> bounds_;
  std::unique_ptr<std::atomic<uint64_t>[]> counts_;
  std::atomic<double> sum_{0};
};

class Metrics {
 public:
  Metrics();  // with the process metrics: resident bytes, CPU seconds, open files, start time
  ~Metrics();

  // The same name and labels give the same object; references live as long as Metrics. Names and labels come
  // from the code, never from a request.
  prometheus::Counter& Counter(const std::string& name, const std::string& help, const Labels& labels = {});
  prometheus::Gauge& Gauge(const std::string& name, const std::string& help, const Labels& labels = {});
  http::Histogram& Histogram(const std::string& name, const std::string& help,
                             const std::vector<double>& buckets, const Labels& labels = {});
  // A gauge of 1 whose labels are the news (name, version): what Info was given before under this `key` goes.
  void Info(const std::string& name, const std::string& help, const std::string& key, const Labels& labels);

  // http_requests_total{method,route,code} and http_request_seconds{route} of a router; before the server
  // starts. Metrics must outlive the router.
  void Observe(Router& router);

  std::string Text() const;
  Response Reply() const;  // of /metrics

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace forewarn::http
