// What the models see live is what they were trained on: the simulator's own history through the live path
// gives the features, alarms and scores of the batch path, bit for bit.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <cstring>

#include "features/features.h"
#include "label/label.h"
#include "live/alarm_watch.h"
#include "live/hour_forecast.h"
#include "live/hour_rows.h"
#include "live/live_test_models.h"
#include "live/live_test_plant.h"
#include "live/simulated_plant.h"
#include "model/blend.h"

namespace forewarn {
namespace {

// The batch path over the same hours.
struct Batch {
  Batch(const Plant& plant, uint64_t seed, int64_t hours) {
    SimulateOptions options;
    options.hours = hours;
    options.seed = seed;
    const LabelResult labelled = LabelTable(plant, SimulateTable(plant, options).value()).value();
    rule_alarm = labelled.rule_alarm;
    const Frame normalised = NormaliseForFeatures(plant, labelled.table, nullptr).value();
    table = AddFeatures(plant, normalised).value();
    windows = BuildWindows(plant, table, true).value();
  }
  // A cell of the last `n` rows up to r looks ahead.
  bool LooksAhead(size_t r, size_t n) const {
    const auto& filled = table[kFilledColumn];
    const size_t from = r + 1 >= n ? r + 1 - n : 0;
    for (size_t i = from; i <= r; ++i) {
      if (filled[i] != 0) return true;
    }
    return false;
  }
  Frame table;
  WindowMatrix windows;  // window w ends at row w + 11
  std::vector<uint8_t> rule_alarm;
};

// Feeds a plant's hours, the past ones first, to `each` with their number.
void EachHour(const Plant& plant, uint64_t seed, int64_t hours,
              const std::function<void(size_t, const SensorReading&)>& each) {
  SimulatedPlantOptions options;
  options.seed = seed;
  options.past_hours = static_cast<int64_t>(kPastHours);
  const auto source = SimulatedPlant::Open(plant, options, MakeFreePace()).value();
  const auto past = source->History(kPastHours).value();
  size_t row = 0;
  for (const ReadingPtr& hour : past) each(row++, *hour);
  while (row < static_cast<size_t>(hours)) {
    for (int scan = 0; scan < 12; ++scan) ASSERT_TRUE(source->Step().ok());
    each(row++, *source->History(1)->front());
  }
}

struct Compared {
  size_t rows = 0;
  size_t excepted = 0;  // a cell of the row's windows looks ahead
  size_t alarms = 0;
};

Compared CompareFeatures(const Plant& plant, uint64_t seed, int64_t hours) {
  Compared out;
  const Batch batch(plant, seed, hours);
  HourRows rows = HourRows::Make(plant).value();
  std::vector<std::span<const double>> columns;
  for (const std::string& name : plant.features.point) columns.emplace_back(batch.table[name]);
  EachHour(plant, seed, hours, [&](size_t r, const SensorReading& hour) {
    ASSERT_TRUE(rows.Push(hour).ok());
    if (batch.LooksAhead(r, static_cast<size_t>(plant.features.rolling.rows))) {
      ++out.excepted;
      return;
    }
    ++out.rows;
    ASSERT_EQ(hour.time, batch.table.times()[r]);
    const AlarmHour alarm = EvaluateAlarm(plant, rows.table()).value();
    ASSERT_EQ(!alarm.rules.empty(), batch.rule_alarm[r] != 0) << "row " << r;
    out.alarms += batch.rule_alarm[r];
    ASSERT_EQ(rows.point().size(), columns.size());
    for (size_t c = 0; c < columns.size(); ++c) {
      ASSERT_EQ(std::memcmp(&rows.point()[c], &columns[c][r], sizeof(double)), 0)
          << plant.features.point[c] << " row " << r;
    }
    if (!rows.window_full()) return;
    ASSERT_FALSE(rows.window_stale()) << "row " << r;
    std::vector<double> flat;
    for (const auto& row : rows.window()) flat.insert(flat.end(), row.begin(), row.end());
    std::vector<float> window(batch.windows.columns);
    WindowFeatures(flat.data(), plant.Sensors().size(), rows.window().size(), window.data());
    const float* expected = batch.windows.row(r + 1 - rows.window().size());
    ASSERT_EQ(std::memcmp(window.data(), expected, window.size() * sizeof(float)), 0) << "row " << r;
  });
  std::printf("%zu rows compared, %zu excepted, %zu in alarm\n", out.rows, out.excepted, out.alarms);
  return out;
}

TEST(Replay, LiveFeaturesAndAlarmsEqualTheBatchBitForBit) {
  const Plant plant = LoadPlantFile(live_test::GasPlantFile()).value();
  constexpr int64_t kHours = 180 * 24;
  const Compared all = CompareFeatures(plant, 42, kHours);
  EXPECT_EQ(all.rows + all.excepted, static_cast<size_t>(kHours));
  EXPECT_GT(all.rows, static_cast<size_t>(kHours * 9 / 10));
  EXPECT_GT(all.alarms, 100u);
}

// A sensor that is logged so seldom that some gaps are longer than what is filled forward: the hours the
// batch fills by looking ahead are excepted, all others are equal.
TEST(Replay, ASeldomLoggedSensorIsEqualButWhereTheBatchLooksAhead) {
  Plant plant = LoadPlantFile(live_test::GasPlantFile()).value();
  for (SimulatedTag& tag : plant.simulator.tags) {
    if (tag.tag == "te301020") tag.resolution = 2.5;
  }
  const Compared some = CompareFeatures(plant, 42, 180 * 24);
  EXPECT_GT(some.excepted, 100u);
  EXPECT_GT(some.rows, 500u);
}

// Through the JSON of the scorer, as the monitor asks.
TEST(Replay, LiveScoresEqualTheBatchBitForBit) {
  live_test::TrainedPlant trained;
  const Plant& plant = trained.plant;
  constexpr int64_t kHours = 1000;
  const Batch batch(plant, 77, kHours);
  HourRows rows = HourRows::Make(plant).value();
  HourForecaster forecaster(plant, trained.scorer.get());
  const ServedPtr linear = trained.engine.Find(plant.ModelName(kBlendLinearSuffix)).value();
  const ServedPtr forest = trained.engine.Find(plant.ModelName(kBlendForestSuffix)).value();
  size_t compared = 0, excepted = 0;
  EachHour(plant, 77, kHours, [&](size_t r, const SensorReading& hour) {
    ASSERT_TRUE(rows.Push(hour).ok());
    HourRisk risk;
    forecaster.Assess(rows, &risk);
    if (r < 12) return;
    if (batch.LooksAhead(r, static_cast<size_t>(plant.features.rolling.rows))) {
      ++excepted;
      return;
    }
    ++compared;
    std::vector<double> point;
    for (const std::string& name : plant.features.point) point.push_back(batch.table[name][r]);
    ASSERT_EQ(risk.blend,
              Blend(linear->predictor().Score(point.data()), forest->predictor().Score(point.data())));
    ASSERT_EQ(risk.forecasts.size(), 3u) << risk.reason;
    for (const HorizonForecast& f : risk.forecasts) {
      std::vector<Fault> faults;
      const ServedPtr model = trained.engine.FindForecaster(f.answer.horizon_hours, &faults).value();
      const float* window = batch.windows.row(r - 11);
      const std::vector<double> inputs(window, window + batch.windows.columns);
      ASSERT_EQ(f.answer.probability, model->predictor().Score(inputs.data())) << f.horizon << " row " << r;
      double sum = f.why.base_value;
      for (const Driver& driver : f.why.drivers) sum += driver.shap_value;
      ASSERT_NEAR(sum, f.why.output_value, 1e-6);
    }
  });
  std::printf("%zu rows compared, %zu excepted\n", compared, excepted);
  EXPECT_GT(compared, 900u);
}

}  // namespace
}  // namespace forewarn
