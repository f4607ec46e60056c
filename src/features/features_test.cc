// Features against hand-computed values, a plain twin, causality, and batch = live.
#include "features/features.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "core/random.h"
#include "features/feature_stream.h"

namespace forewarn {
namespace features_testing {

Tag NamedTag(const char* id) {
  Tag tag;
  tag.id = id;
  return tag;
}

Controller NamedController(const char* id, std::optional<double> sp_fixed) {
  Controller controller;
  controller.id = id;
  controller.sp_fixed = sp_fixed;
  return controller;
}

Plant TwoSensorPlant() {
  Plant plant;
  plant.name = "toy";
  plant.tags = {NamedTag("p"), NamedTag("q")};
  plant.controllers = {NamedController("lic", 80.0), NamedController("fic", std::nullopt)};
  plant.features.window = 4;
  plant.features.horizons = {kHour, 3 * kHour};
  plant.features.rolling = {13, {"p", "lic_pv", "fic_deviation"}};
  plant.features.delta = {"p", "q"};
  plant.features.point = {"q",
                          "p_roll_mean",
                          "p_roll_std",
                          "fic_deviation",
                          "fic_deviation_roll_std",
                          "lic_deviation",
                          "hour_of_day",
                          "day_of_week",
                          "p_delta",
                          "lic_pv_roll_mean",
                          "p"};
  plant.features.history_sum = HistorySum{"history", "anomaly_label", 5};
  return plant;
}

// Readings in steps, so that constant stretches, nulls and zeros all occur.
Frame RandomTable(const Plant& plant, size_t rows, uint64_t seed) {
  Random random(seed);
  std::vector<PlantTime> times;
  for (size_t r = 0; r < rows; ++r) times.push_back(400 * kDay + static_cast<PlantTime>(r) * kHour);
  Frame frame(times);
  for (const std::string& name : plant.SeriesNames()) {
    std::vector<double>& cells = frame.Set(name, 0.0);
    double level = random.Uniform(10, 300);
    for (double& cell : cells) {
      if (random.Uniform() < 0.4) level += random.Normal() * 0.37;
      cell = random.Uniform() < 0.05 ? kNull : level;
    }
  }
  std::vector<double>& labels = frame.Set("anomaly_label", 0.0);
  for (double& label : labels) label = random.Uniform() < 0.3 ? 1 : 0;
  return frame;
}

Frame Featured(const Plant& plant, const Frame& table) {
  auto normalised = NormaliseForFeatures(plant, table, nullptr);
  EXPECT_TRUE(normalised.ok());
  auto out = AddFeatures(plant, *normalised);
  EXPECT_TRUE(out.ok()) << out.message();
  return *out;
}

}  // namespace features_testing

TEST(Features, WindowKernels_ConstantWindowIsExact) {
  const std::vector<double> cells(13, 229.829);  // 13 × 229.829 / 13 is not 229.829 in doubles
  EXPECT_EQ(WindowMean(cells.data(), 13), 229.829);
  EXPECT_EQ(WindowSampleStd(cells.data(), 13), 0.0);
  EXPECT_EQ(WindowSampleStd(cells.data(), 1), 0.0);
  const double two[] = {1, 4};
  EXPECT_DOUBLE_EQ(WindowMean(two, 2), 2.5);
  EXPECT_DOUBLE_EQ(WindowSampleStd(two, 2), std::sqrt(4.5));
}

TEST(Features, WindowSampleStd_KeepsPrecisionFarFromZero) {
  const double cells[] = {1e9 + 1, 1e9 + 2, 1e9 + 3};  // running sums of squares would lose all digits here
  EXPECT_NEAR(WindowSampleStd(cells, 3), 1.0, 1e-9);
}

TEST(Normalise, FillsSetpointsThenZeroesNullsAndCountsBoth) {
  const Plant plant = features_testing::TwoSensorPlant();
  Frame table(std::vector<PlantTime>{0, kHour, 2 * kHour});
  table.Set("p", {1, kNull, 3});
  table.Set("lic_pv", {79, kNull, 82});
  table.Set("lic_sp", {0, kNull, 81});
  table.Set("fic_pv", {5, 6, 7});
  table.Set("fic_sp", {kNull, 5, 5});
  NormaliseReport report;
  const auto out = NormaliseForFeatures(plant, table, &report);
  ASSERT_TRUE(out.ok());
  EXPECT_EQ((*out)["lic_sp"], (std::vector<double>{80, 80, 81}));
  EXPECT_EQ((*out)["p"], (std::vector<double>{1, 0, 3}));
  EXPECT_EQ((*out)["lic_deviation"], (std::vector<double>{-1, -80, 1}));
  EXPECT_EQ((*out)["fic_deviation"], (std::vector<double>{5, 1, 2}));
  EXPECT_EQ((*out)["hour_of_day"], (std::vector<double>{0, 1, 2}));
  EXPECT_EQ((*out)["day_of_week"], (std::vector<double>{3, 3, 3}));  // 1970-01-01 was a Thursday
  using Counts = std::vector<std::pair<std::string, size_t>>;
  EXPECT_EQ(report.fixed_setpoints, (Counts{{"lic_sp", 2}}));
  EXPECT_EQ(report.nulls_to_zero, (Counts{{"p", 1}, {"lic_pv", 1}, {"fic_sp", 1}}));
  EXPECT_EQ(report.computed,
            (std::vector<std::string>{"lic_deviation", "fic_deviation", "hour_of_day", "day_of_week"}));
}

TEST(Normalise, KeepsDeviationsAndTimeFeaturesThatAreThere) {
  const Plant plant = features_testing::TwoSensorPlant();
  Frame table(std::vector<PlantTime>{0});
  table.Set("lic_pv", {79});
  table.Set("lic_sp", {80});
  table.Set("lic_deviation", {7});
  table.Set("hour_of_day", {23});
  const auto out = NormaliseForFeatures(plant, table, nullptr);
  ASSERT_TRUE(out.ok());
  EXPECT_EQ((*out)["lic_deviation"][0], 7);
  EXPECT_EQ((*out)["hour_of_day"][0], 23);
}

TEST(Normalise, RejectsAnEmptyTable) {
  EXPECT_FALSE(NormaliseForFeatures(features_testing::TwoSensorPlant(), Frame(), nullptr).ok());
}

TEST(AddFeatures, RollsOverThirteenRowsBackwardFromTheFirst) {
  Plant plant = features_testing::TwoSensorPlant();
  const Frame out = features_testing::Featured(plant, features_testing::RandomTable(plant, 40, 1));
  const std::vector<double>& p = out["p"];
  for (size_t r = 0; r < 40; ++r) {
    const size_t first = r < 12 ? 0 : r - 12;
    const auto n = static_cast<double>(r - first + 1);
    long double sum = 0, squares = 0;
    for (size_t i = first; i <= r; ++i) sum += p[i];
    for (size_t i = first; i <= r; ++i) squares += (p[i] - sum / n) * (p[i] - sum / n);
    EXPECT_NEAR(out["p_roll_mean"][r], static_cast<double>(sum / n), 1e-11);
    EXPECT_NEAR(out["p_roll_std"][r], n < 2 ? 0.0 : static_cast<double>(std::sqrt(squares / (n - 1))), 1e-11);
    EXPECT_EQ(out["p_delta"][r], r == 0 ? 0 : p[r] - p[r - 1]);
    double history = 0;
    for (size_t i = r < 4 ? 0 : r - 4; i <= r; ++i) history += out["anomaly_label"][i];
    EXPECT_EQ(out["history"][r], history);
  }
}

TEST(AddFeatures, NamesTheMissingColumn) {
  Plant plant = features_testing::TwoSensorPlant();
  Frame table(std::vector<PlantTime>{0});
  table.Set("q", 1.0);
  const auto out = AddFeatures(plant, table);
  ASSERT_FALSE(out.ok());
  EXPECT_NE(out.message().find("'p'"), std::string::npos) << out.message();
}

TEST(AddFeatures, LeavesOutTheHistorySumWithoutLabels) {
  const Plant plant = features_testing::TwoSensorPlant();
  Frame table = features_testing::RandomTable(plant, 5, 2);
  table.Drop("anomaly_label");
  EXPECT_FALSE(features_testing::Featured(plant, table).Has("history"));
}

TEST(AddFeatures, CuttingTheTableAfterRowTChangesNoEarlierRow) {
  const Plant plant = features_testing::TwoSensorPlant();
  for (uint64_t seed = 0; seed < 20; ++seed) {
    const Frame table = features_testing::RandomTable(plant, 60, seed);
    const Frame whole = features_testing::Featured(plant, table);
    const auto windows = BuildWindows(plant, whole, true);
    ASSERT_TRUE(windows.ok());
    for (size_t rows = 1; rows <= table.rows(); rows += 7) {
      const Frame cut = features_testing::Featured(plant, table.Slice(0, rows));
      EXPECT_TRUE(cut == whole.Slice(0, rows)) << "cut after row " << rows;
      const auto cut_windows = BuildWindows(plant, cut, true);
      ASSERT_TRUE(cut_windows.ok());
      const std::vector<float>& all = windows->values;
      ASSERT_LE(cut_windows->values.size(), all.size());
      EXPECT_TRUE(std::equal(cut_windows->values.begin(), cut_windows->values.end(), all.begin()));
    }
  }
}

TEST(AddFeatures, ChangingALaterRowChangesNoEarlierRow) {
  const Plant plant = features_testing::TwoSensorPlant();
  Random random(5);
  for (uint64_t seed = 0; seed < 50; ++seed) {
    Frame table = features_testing::RandomTable(plant, 50, 100 + seed);
    const Frame before = features_testing::Featured(plant, table);
    const size_t row = 1 + random.Below(49);
    for (size_t c = 0; c < table.columns(); ++c) table.at(c)[row] = random.Uniform(-1e6, 1e6);
    const Frame after = features_testing::Featured(plant, table);
    EXPECT_TRUE(before.Slice(0, row) == after.Slice(0, row)) << "row " << row;
  }
}

TEST(FeatureStream, GivesTheBatchBitForBit) {
  const Plant plant = features_testing::TwoSensorPlant();
  for (uint64_t seed = 0; seed < 10; ++seed) {
    const Frame table = features_testing::RandomTable(plant, 80, seed);
    const Frame batch = features_testing::Featured(plant, table);
    const auto windows = BuildWindows(plant, batch, true);
    ASSERT_TRUE(windows.ok());
    auto stream = FeatureStream::Make(plant, table.names());
    ASSERT_TRUE(stream.ok()) << stream.message();
    ASSERT_EQ(stream->WindowColumns(), windows->columns);
    size_t window = 0;
    for (size_t r = 0; r < table.rows(); ++r) {
      std::vector<double> cells;
      for (size_t c = 0; c < table.columns(); ++c) cells.push_back(table.at(c)[r]);
      ASSERT_TRUE(stream->Push(table.times()[r], cells).ok());
      for (size_t f = 0; f < plant.features.point.size(); ++f) {
        const double expected = batch[plant.features.point[f]][r];
        EXPECT_EQ(std::memcmp(&expected, &stream->Point()[f], sizeof(double)), 0)
            << plant.features.point[f] << " row " << r;
      }
      EXPECT_EQ(stream->WindowFull(), r + 1 >= 4);
      if (!stream->WindowFull()) continue;
      std::vector<float> live(stream->WindowColumns());
      stream->Window(live.data());
      EXPECT_EQ(std::memcmp(live.data(), windows->row(window), live.size() * sizeof(float)), 0)
          << "window " << window;
      ++window;
    }
    EXPECT_EQ(window, windows->rows());
  }
}

TEST(FeatureStream, RefusesRowsOutOfOrderAndStaysUsable) {
  const Plant plant = features_testing::TwoSensorPlant();
  const Frame table = features_testing::RandomTable(plant, 1, 3);
  auto stream = FeatureStream::Make(plant, table.names());
  ASSERT_TRUE(stream.ok());
  const std::vector<double> cells(table.columns(), 1.0);
  ASSERT_TRUE(stream->Push(kHour, cells).ok());
  EXPECT_FALSE(stream->Push(kHour, cells).ok());
  EXPECT_FALSE(stream->Push(2 * kHour, std::vector<double>(2, 1.0)).ok());
  EXPECT_EQ(stream->rows(), 1u);
  EXPECT_TRUE(stream->Push(2 * kHour, cells).ok());
}

TEST(FeatureStream, NamesTheMissingColumn) {
  const auto stream = FeatureStream::Make(features_testing::TwoSensorPlant(), {"q", "lic_pv", "lic_sp"});
  ASSERT_FALSE(stream.ok());
  EXPECT_NE(stream.message().find("'p'"), std::string::npos) << stream.message();
}

TEST(WindowNames, AreTimeMajorOldestFirstThenStatistics) {
  const std::vector<std::string> names = WindowNames({"a", "b"}, 3);
  EXPECT_EQ(names, (std::vector<std::string>{"a_t-2", "b_t-2", "a_t-1", "b_t-1", "a_t0", "b_t0", "a_wmean",
                                             "b_wmean", "a_wstd", "b_wstd", "a_wtrend", "b_wtrend"}));
}

TEST(WindowFeatures, AreThePopulationStatisticsInFloat) {
  const double rows[] = {1, 10, 2, 10, 6, 10};
  float out[12];
  WindowFeatures(rows, 2, 3, out);
  EXPECT_EQ(out[0], 1.0f);
  EXPECT_EQ(out[5], 10.0f);
  EXPECT_EQ(out[6], 3.0f);
  EXPECT_EQ(out[7], 10.0f);
  EXPECT_EQ(out[8], static_cast<float>(std::sqrt(14.0 / 3)));
  EXPECT_EQ(out[9], 0.0f);
  EXPECT_EQ(out[10], 5.0f);
  EXPECT_EQ(out[11], 0.0f);
}

TEST(BuildWindows, EndBeforeTheirTargetRow) {
  const Plant plant = features_testing::TwoSensorPlant();
  const Frame table = features_testing::Featured(plant, features_testing::RandomTable(plant, 6, 4));
  const auto windows = BuildWindows(plant, table, false);
  ASSERT_TRUE(windows.ok());
  EXPECT_EQ(windows->end_row, (std::vector<size_t>{4, 5}));
  EXPECT_EQ(windows->row(0)[0], static_cast<float>(table["p"][0]));
  EXPECT_EQ(windows->row(1)[0], static_cast<float>(table["p"][1]));
  EXPECT_EQ(BuildWindows(plant, table, true)->end_row, (std::vector<size_t>{4, 5, 6}));
  EXPECT_EQ(BuildWindows(plant, table.Slice(0, 3), true)->rows(), 0u);
}

TEST(PointDefaults, RollingMeanIsTheSensorItselfSpreadAndDeltaAreZero) {
  const Plant plant = features_testing::TwoSensorPlant();
  const std::vector<PointDefault> defaults = PointDefaults(plant);
  ASSERT_EQ(defaults.size(), plant.features.point.size());
  EXPECT_TRUE(std::isnan(defaults[0].value));  // q: the training median
  EXPECT_EQ(defaults[1].from, "p");            // p_roll_mean
  EXPECT_EQ(defaults[2].value, 0.0);           // p_roll_std
  EXPECT_TRUE(defaults[6].clock);              // hour_of_day
  EXPECT_EQ(defaults[8].value, 0.0);           // p_delta
  EXPECT_EQ(defaults[9].from, "");             // lic_pv_roll_mean: lic_pv is no input, so the median
  EXPECT_TRUE(std::isnan(defaults[9].value));
}

}  // namespace forewarn
