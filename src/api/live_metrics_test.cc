#include "api/live_metrics.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "api/warning_log.h"
#include "core/file.h"
#include "live/live_test_plant.h"

namespace forewarn {
namespace {

using Kind = LiveNews::Kind;

// Of a plant with the horizons 1h and 2h.
class LiveMetricsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto store = OpenStore({.url = "sqlite:" + (folder_.path() / "accounts.db").string()});
    ASSERT_TRUE(store.ok()) << store.message();
    store_ = std::move(*store);
  }

  void Begin() {
    auto made = LiveMetrics::Make(plant_, *store_, &metrics_, &sink_);
    ASSERT_TRUE(made.ok()) << made.message();
    live_ = std::move(*made);
  }

  void Store(const LiveWarning& warning) {
    const auto zone = PlantZone::Find(plant_);
    ASSERT_TRUE(zone.ok());
    WatchStep step;
    step.warnings = {warning};
    ASSERT_TRUE(StoreWarningLog(store_.get(), *zone, [] { return int64_t{0}; }).Commit(step).ok());
  }

  void Publish(Kind kind, const std::string& horizon = "") {
    LiveEvent event;
    event.name = "risk";
    event.news = {kind, horizon};
    live_->Publish(event);
  }

  // The value on the line that begins with this; -1: there is none.
  double Value(const std::string& series) const {
    const std::string text = "\n" + metrics_.Text();
    const size_t at = text.find("\n" + series + " ");
    return at == std::string::npos ? -1 : std::stod(text.substr(at + series.size() + 2));
  }
  double Active(const std::string& horizon) const {
    return Value("gateway_warnings_active{horizon=\"" + horizon + "\"}");
  }
  double Raised(const std::string& horizon) const {
    return Value("gateway_warnings_total{horizon=\"" + horizon + "\"}");
  }

  const ScratchFolder folder_;
  const Plant plant_ = live_test::SmallPlant();
  std::unique_ptr<forewarn::Store> store_;
  http::Metrics metrics_;
  live_test::RecordingSink sink_;
  std::unique_ptr<LiveMetrics> live_;
};

TEST_F(LiveMetricsTest, EverySeriesIsThereFromTheStart) {
  Begin();
  for (const char* horizon : {"1h", "2h"}) {
    EXPECT_EQ(Active(horizon), 0) << horizon;
    EXPECT_EQ(Raised(horizon), 0) << horizon;
  }
  EXPECT_EQ(Value("gateway_plant_stale"), 0);
}

TEST_F(LiveMetricsTest, CountsAWarningByItsHorizon) {
  Begin();
  Publish(Kind::kRaised, "2h");
  EXPECT_EQ(Active("2h"), 1);
  EXPECT_EQ(Raised("2h"), 1);
  EXPECT_EQ(Active("1h") + Raised("1h"), 0);
  Publish(Kind::kEnded, "2h");
  EXPECT_EQ(Active("2h"), 0);
  EXPECT_EQ(Raised("2h"), 1);
  Publish(Kind::kRaised, "2h");
  EXPECT_EQ(Raised("2h"), 2);
}

TEST_F(LiveMetricsTest, KnowsTheWarningThatIsOnSinceBeforeTheStart) {
  LiveWarning on;
  on.horizon = "1h";
  on.rise = on.told = kHour;
  Store(on);
  LiveWarning over = on;
  over.horizon = "2h";
  over.end = 3 * kHour;
  Store(over);
  Begin();
  EXPECT_EQ(Active("1h"), 1);
  EXPECT_EQ(Raised("1h"), 0) << "it was raised in another life";
  EXPECT_EQ(Active("2h"), 0);
  Publish(Kind::kEnded, "1h");
  EXPECT_EQ(Active("1h"), 0);
}

TEST_F(LiveMetricsTest, TellsWhetherThePlantIsSilent) {
  Begin();
  Publish(Kind::kSilent);
  EXPECT_EQ(Value("gateway_plant_stale"), 1);
  Publish(Kind::kNone);
  Publish(Kind::kRaised, "1h");
  EXPECT_EQ(Value("gateway_plant_stale"), 1);
  Publish(Kind::kHeard);
  EXPECT_EQ(Value("gateway_plant_stale"), 0);
}

TEST_F(LiveMetricsTest, AHorizonThePlantHasNotGetsNoSeries) {
  Begin();
  Publish(Kind::kRaised, "9h");
  EXPECT_EQ(Active("9h"), -1);
}

TEST_F(LiveMetricsTest, PassesEveryEventOnAsItIs) {
  Begin();
  LiveEvent event;
  event.name = "warning";
  event.data = "{\"change\":\"raised\"}";
  event.id = "x";
  event.news = {Kind::kRaised, "1h"};
  live_->Publish(event);
  ASSERT_EQ(sink_.all().size(), 1u);
  EXPECT_EQ(sink_.all()[0].name + sink_.all()[0].data + sink_.all()[0].id, "warning{\"change\":\"raised\"}x");
}

}  // namespace
}  // namespace forewarn
