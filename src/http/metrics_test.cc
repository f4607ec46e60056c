#include "http/metrics.h"

#include <gtest/gtest.h>

#include <thread>

namespace forewarn::http {
namespace {

bool Has(const std::string& text, const std::string& line) {
  return ("\n" + text).find("\n" + line + "\n") != std::string::npos;
}

TEST(Metrics, CountersAndGauges_AreThereFromTheStart) {
  Metrics metrics;
  metrics.Counter("a_total", "A.", {{"type", "x"}});
  metrics.Counter("a_total", "A.", {{"type", "y"}}).Increment(2);
  metrics.Gauge("b", "B.").Set(1.5);
  const std::string text = metrics.Text();
  EXPECT_TRUE(Has(text, "# TYPE a_total counter"));
  EXPECT_TRUE(Has(text, "a_total{type=\"x\"} 0"));
  EXPECT_TRUE(Has(text, "a_total{type=\"y\"} 2"));
  EXPECT_TRUE(Has(text, "b 1.5"));
}

TEST(Metrics, SameNameAndLabels_AreTheSameObject) {
  Metrics metrics;
  EXPECT_EQ(&metrics.Counter("a_total", "A."), &metrics.Counter("a_total", "A."));
  EXPECT_EQ(&metrics.Histogram("h", "H.", {1}), &metrics.Histogram("h", "H.", {1}));
}

TEST(Metrics, Histogram_CountsByUpperBound) {
  Metrics metrics;
  Histogram& histogram = metrics.Histogram("h_seconds", "H.", {0.1, 1}, {{"type", "x"}});
  for (const double value : {0.05, 0.1, 0.5, 1.0, 7.0}) histogram.Observe(value);
  const std::string text = metrics.Text();
  EXPECT_TRUE(Has(text, "h_seconds_bucket{type=\"x\",le=\"0.1\"} 2"));
  EXPECT_TRUE(Has(text, "h_seconds_bucket{type=\"x\",le=\"1\"} 4"));
  EXPECT_TRUE(Has(text, "h_seconds_bucket{type=\"x\",le=\"+Inf\"} 5"));
  EXPECT_TRUE(Has(text, "h_seconds_count{type=\"x\"} 5"));
  EXPECT_NE(text.find("h_seconds_sum{type=\"x\"} 8.65"), std::string::npos);
}

TEST(Metrics, Info_ReplacesWhatItSaidBefore) {
  Metrics metrics;
  metrics.Info("model_info", "M.", "champion", {{"name", "champion"}, {"version", "1"}});
  metrics.Info("model_info", "M.", "champion", {{"name", "champion"}, {"version", "2"}});
  metrics.Info("model_info", "M.", "champion", {{"name", "champion"}, {"version", "2"}});
  const std::string text = metrics.Text();
  EXPECT_TRUE(Has(text, "model_info{name=\"champion\",version=\"2\"} 1"));
  EXPECT_EQ(text.find("version=\"1\""), std::string::npos);
}

TEST(Metrics, Process_IsDescribed) {
  const std::string text = Metrics().Text();
  for (const char* name : {"process_resident_memory_bytes", "process_cpu_seconds_total", "process_open_fds",
                           "process_start_time_seconds"}) {
    const size_t at = text.find("\n" + std::string(name) + " ");
    ASSERT_NE(at, std::string::npos) << name;
    EXPECT_GT(std::stod(text.substr(at + std::string(name).size() + 2)), 0) << name;
  }
}

TEST(Metrics, Requests_AreCountedByRouteAndCode) {
  Metrics metrics;
  Router router;
  router.Add(Method::kGet, "/a/{id}", Inline{[](const Request&) { return Json(200, "{}"); }});
  metrics.Observe(router);
  const Route* route = router.routes().front().get();
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 1000; ++i) router.Tell({Method::kGet, "/a/7", "", route, 200, 0.001, 2});
    });
  }
  for (auto& thread : threads) thread.join();
  router.Tell({Method::kGet, "/x", "", nullptr, 404, 0.001, 2});
  const std::string text = metrics.Text();
  EXPECT_TRUE(Has(text, "http_requests_total{code=\"200\",method=\"GET\",route=\"/a/{id}\"} 4000"));
  EXPECT_TRUE(Has(text, "http_requests_total{code=\"404\",method=\"any\",route=\"none\"} 1"));
  EXPECT_TRUE(Has(text, "http_request_seconds_count{route=\"/a/{id}\"} 4000"));
  EXPECT_EQ(metrics.Reply().content_type, "text/plain; version=0.0.4; charset=utf-8");
}

}  // namespace
}  // namespace forewarn::http
