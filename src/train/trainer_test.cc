#include "train/trainer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "model/model_info.h"
#include "model/onnx_writer.h"
#include "model/predictor.h"
#include "train/pca.h"
#include "train/run_spec.h"
#include "train/run_table.h"
#include "train/train_test_data.h"

namespace forewarn {
namespace {

#define SKIP_WITHOUT_GAS_DATA() \
  if (!train_test::HasGasData()) GTEST_SKIP() << "the gas plant's table is not here"

const TrainedRun& RunOf(const TrainResult& result, const std::string& name) {
  for (const TrainedRun& run : result.runs) {
    if (run.name == name) return run;
  }
  ADD_FAILURE() << name << " is missing";
  return result.runs.front();
}

TrainResult TrainGas(const TrainOptions& options) {
  const Plant plant = train_test::GasPlant();
  return Train(plant, train_test::GasDataset(plant), options).value();
}

std::string Bytes(const TrainedRun& run) {
  return run.model ? WriteOnnx(*run.model).value() + WriteModelInfo(*run.model).value() : run.not_fitted;
}

void ExpectFloors(const TrainResult& r) {
  const auto metric = [&](const char* run, const char* name) { return RunOf(r, run).metrics.at(name); };
  EXPECT_GE(metric("gradient_boosting", "roc_auc_anomaly"), .70);
  EXPECT_GE(metric("gradient_boosting", "f1_anomaly"), .40);
  EXPECT_GE(metric("xgboost_calibrated", "roc_auc_anomaly"), .65);
  EXPECT_LE(metric("xgboost_calibrated", "brier_score"), .20);
  EXPECT_GE(metric("xgboost_leafwise_calibrated", "roc_auc_anomaly"), .60);
  EXPECT_LE(metric("xgboost_leafwise_calibrated", "brier_score"), .22);
  EXPECT_GE(metric("rf_soft_alarm", "roc_auc_anomaly"), .70);
  EXPECT_LE(metric("rf_soft_alarm", "brier_score"), .195);
  EXPECT_GE(metric("lr_soft_alarm", "roc_auc_anomaly"), .55);
  EXPECT_GE(metric("isolation_forest", "roc_auc_anomaly"), .62);
  EXPECT_GE(metric("regime_classifier", "accuracy"), .38);
  EXPECT_LE(metric("deviation_predictor", "mae"), .42);
  EXPECT_GE(metric("forecaster_1h", "roc_auc_anomaly"), .50);
}

void ExpectBaselinesAndVerdict(const TrainedRun& run) {
  if (run.name == "pca") {
    EXPECT_EQ(run.skill.text, kNotJudged);
    return;
  }
  size_t baselines = 0;
  for (const auto& [name, value] : run.metrics) baselines += name.starts_with("baseline_") ? 1 : 0;
  EXPECT_GE(baselines, 2u) << run.name;
  // 28 days hold fewer than 8 events whose onset can be judged: nothing can show skill.
  EXPECT_EQ(run.skill.text, kNoSkillShown) << run.name;
  EXPECT_FALSE(run.skill.baseline.empty()) << run.name;
  EXPECT_EQ(run.model->info.skill, run.skill.text);
}

void ExpectInputsDescribed(const TrainedRun& run) {
  EXPECT_TRUE(CheckModel(*run.model).ok()) << run.name << ": " << CheckModel(*run.model).message();
  const ModelInfo& info = run.model->info;
  EXPECT_EQ(info.medians.size(), info.features.size()) << run.name;
  EXPECT_EQ(info.plant, "gas-treatment");
  const bool no_gains = info.kind == ModelKind::kPca || info.kind == ModelKind::kIsolationForest;
  EXPECT_EQ(info.gains.size(), no_gains ? 0 : info.features.size()) << run.name;
}

TEST(Train, OnTheRealTableMeetsTheFloorsBesideBaselinesWithVerdicts) {
  SKIP_WITHOUT_GAS_DATA();
  const TrainResult r = TrainGas({});
  ASSERT_EQ(r.runs.size(), 12u);
  for (const TrainedRun& run : r.runs) {
    ASSERT_TRUE(run.model) << run.name << ": " << run.not_fitted;
    ExpectBaselinesAndVerdict(run);
    ExpectInputsDescribed(run);
  }
  ExpectFloors(r);
  EXPECT_NEAR(RunOf(r, "gradient_boosting").metrics.at("baseline_always_f1"), .354, .001);  // 29 of 135 rows
  const ModelInfo& info = RunOf(r, "forecaster_3h").model->info;
  EXPECT_EQ(info.features.size(), 135u);
  EXPECT_EQ(info.horizon, 3);
  EXPECT_EQ(info.horizon_name, "3h");
  EXPECT_EQ(info.window, 12);
  EXPECT_EQ(info.sensors.size(), 9u);
  EXPECT_EQ(RunOf(r, "rf_soft_alarm").registered,
            (std::vector<std::string>{"plant_alarm_rf_soft_alarm", "plant_alarm_champion"}));
  const std::string table = RunTable(r);
  EXPECT_EQ(std::count(table.begin(), table.end(), '\n'), 13);
  EXPECT_NE(table.find("no skill shown"), std::string::npos);
}

TEST(Train, SameBytesForAnyThreadsWithOrWithoutVerdictsAloneOrAmongAll) {
  SKIP_WITHOUT_GAS_DATA();
  TrainOptions options;
  options.threads = 2;
  const TrainResult two = TrainGas(options);
  options.threads = 1;
  const TrainResult one = TrainGas(options);
  for (size_t i = 0; i < one.runs.size(); ++i)
    EXPECT_EQ(Bytes(one.runs[i]), Bytes(two.runs[i])) << one.runs[i].name;

  options.only = {"rf_soft_alarm", "forecaster_3h"};
  for (const TrainedRun& run : TrainGas(options).runs)
    EXPECT_EQ(Bytes(run), Bytes(RunOf(one, run.name))) << run.name;

  options.only = {};
  options.verdicts = false;
  for (const TrainedRun& run : TrainGas(options).runs) {
    const TrainedRun& judged = RunOf(one, run.name);
    EXPECT_EQ(WriteOnnx(*run.model).value(), WriteOnnx(*judged.model).value()) << run.name;
    EXPECT_EQ(run.model->info.threshold, judged.model->info.threshold) << run.name;
    EXPECT_EQ(run.skill.text, kNotJudged) << run.name;
  }

  options.only = {"gradient_boosting", "isolation_forest"};
  options.seed = 43;
  for (const TrainedRun& run : TrainGas(options).runs) {
    EXPECT_NE(WriteOnnx(*run.model).value(), WriteOnnx(*RunOf(one, run.name).model).value()) << run.name;
  }
}

TEST(Train, WalkForwardLeavesADaysGap) {
  SKIP_WITHOUT_GAS_DATA();
  TrainOptions options;
  options.only = {"lr_soft_alarm"};
  const TrainResult result = TrainGas(options);
  const TrainedRun& run = result.runs[0];
  ASSERT_EQ(run.walk_forward.size(), 5u);
  size_t test_begin = 673 - 5 * 112;
  for (size_t r = 0; r < test_begin; ++r) EXPECT_TRUE(std::isnan(run.walk_forward_scores[r]));
  for (const WalkForwardFold& fold : run.walk_forward) {
    EXPECT_EQ(fold.train_rows, test_begin - 24);
    EXPECT_EQ(fold.test_rows, 112u);
    test_begin += 112;
  }
}

// Walk-forward scores of a block come from models that saw nothing of it or of what followed.
TEST(Train, LaterRowsChangeNoEarlierWalkForwardScore) {
  SKIP_WITHOUT_GAS_DATA();
  const Plant plant = train_test::GasPlant();
  FeatureDataset dataset = train_test::GasDataset(plant);
  TrainOptions options;
  options.only = {"xgboost_calibrated", "forecaster_6h"};
  options.resamples = 10;
  const TrainResult before = Train(plant, dataset, options).value();
  const size_t cut = 673 - 2 * 112 - 24;  // where the training rows of the fourth block end
  std::vector<double>& label = dataset.train[kLabelColumn];
  for (size_t r = cut; r < label.size(); ++r) label[r] = 1 - label[r];
  for (HorizonWindows& windows : dataset.horizons) {
    for (size_t w = 0; w < windows.train_within.size(); ++w) {
      if (windows.train.end_row[w] + static_cast<size_t>(windows.steps) > cut) windows.train_within[w] ^= 1;
    }
  }
  const TrainResult after = Train(plant, dataset, options).value();
  for (size_t i = 0; i < before.runs.size(); ++i) {
    const std::vector<double>& a = before.runs[i].walk_forward_scores;
    const std::vector<double>& b = after.runs[i].walk_forward_scores;
    size_t scored = 0;
    for (size_t r = 0; r < 673 - 112; ++r) {
      scored += std::isnan(a[r]) ? 0 : 1;
      EXPECT_TRUE(a[r] == b[r] || (std::isnan(a[r]) && std::isnan(b[r])))
          << before.runs[i].name << " row " << r;
    }
    EXPECT_GT(scored, 300u);
    EXPECT_NE(a[672 - 20], b[672 - 20]);  // the last block's model saw the changed rows
  }
}

TEST(Train, UnknownRunListsTheKnown) {
  const Plant plant = train_test::GasPlant();
  TrainOptions options;
  options.only = {"gradient_bosting"};
  const Status status = Train(plant, FeatureDataset(), options).status();
  EXPECT_EQ(status.code(), Code::kNotFound);
  EXPECT_NE(status.message().find("did you mean 'gradient_boosting'"), std::string::npos) << status.message();
  EXPECT_NE(status.message().find("forecaster_6h"), std::string::npos) << status.message();
}

// A table of quiet hours with `events` alarms of three hours each, evenly spread.
Frame QuietTable(const Plant& plant, size_t rows, size_t events) {
  Random random(17);
  std::vector<PlantTime> times;
  for (size_t r = 0; r < rows; ++r) times.push_back(static_cast<PlantTime>(r) * kHour);
  Frame out(std::move(times));
  for (const std::string& name : plant.SeriesNames()) {
    std::vector<double>& cells = out.Set(name, 0.0);
    for (double& cell : cells) cell = 50 + random.Normal();
  }
  std::vector<double>& label = out.Set(kLabelColumn, 0.0);
  for (size_t e = 0; e < events; ++e) {
    const size_t at = (e + 1) * rows / (events + 1);
    for (size_t r = at; r < at + 3; ++r) label[r] = 1;
  }
  std::vector<double> regime = label;
  for (double& cell : regime) cell *= 2;
  out.Set(kRegimeColumn, std::move(regime));
  return out;
}

TEST(Train, TooFewEventsIsSaidNotAnError) {
  const Plant plant = train_test::GasPlant();
  const FeatureDataset dataset =
      BuildDataset(plant, QuietTable(plant, 400, 1), DatasetOptions{}, nullptr).value();
  TrainOptions options;
  options.verdicts = false;
  const TrainResult result = Train(plant, dataset, options).value();
  EXPECT_FALSE(RunOf(result, "xgboost_calibrated").model);
  EXPECT_EQ(RunOf(result, "xgboost_calibrated").not_fitted, "too few events");
  EXPECT_EQ(RunOf(result, "forecaster_1h").not_fitted, "too few events");
  EXPECT_TRUE(RunOf(result, "isolation_forest").model);
  EXPECT_TRUE(RunOf(result, "pca").model);
}

TEST(Train, FoldsWithoutBothClassesAreLeftOutAndSaid) {
  const Plant plant = train_test::GasPlant();
  const FeatureDataset dataset =
      BuildDataset(plant, QuietTable(plant, 600, 3), DatasetOptions{}, nullptr).value();
  TrainOptions options;
  options.only = {"xgboost_calibrated"};
  const TrainResult result = Train(plant, dataset, options).value();
  ASSERT_TRUE(result.runs[0].model);
  const auto& body = std::get<CalibratedTrees>(result.runs[0].model->body);
  EXPECT_LT(body.folds.size(), 3u);
  const std::vector<std::string>& notes = result.runs[0].model->info.notes;
  EXPECT_TRUE(std::any_of(notes.begin(), notes.end(), [](const std::string& n) {
    return n.find("lacks one of the classes") != std::string::npos;
  }));
}

TEST(Train, WithoutLabelsOnlyMonitorsAreFittedAndNothingIsJudged) {
  Plant plant = train_test::GasPlant();
  Frame table = QuietTable(plant, 300, 1);
  table.Drop(kLabelColumn);
  table.Drop(kRegimeColumn);
  plant.label = {};
  plant.features.history_sum.reset();
  const FeatureDataset dataset = BuildDataset(plant, table, DatasetOptions{}, nullptr).value();
  TrainOptions options;
  options.only = {"isolation_forest", "pca", "gradient_boosting"};
  const TrainResult result = Train(plant, dataset, options).value();
  EXPECT_EQ(RunOf(result, "gradient_boosting").not_fitted, "the table has no labels");
  for (const char* name : {"isolation_forest", "pca"}) {
    EXPECT_TRUE(RunOf(result, name).model) << name;
    EXPECT_EQ(RunOf(result, name).skill.text, kNotJudged) << name;
  }
  EXPECT_EQ(RunOf(result, "isolation_forest").metrics.at("contamination"), kDefaultContamination);
}

TEST(SmoothedBlend, IsAnExponentialMovingAverage) {
  const std::vector<double> out = SmoothedBlend({.2, 1, 0}, {.4, 0, 0});
  ASSERT_EQ(out.size(), 3u);
  EXPECT_NEAR(out[0], .3, 1e-15);
  EXPECT_NEAR(out[1], .3 * .5 + .7 * .3, 1e-15);
  EXPECT_NEAR(out[2], .7 * out[1], 1e-15);
}

struct Detection {
  double false_alarms = 0;  // mean over the normal rows 1–160 of every file
  double missed = 0;        // mean over faults 1–21 of rows 161–960
};

// The monitor's alarms on Tennessee Eastman's test files: output 0 is T², 1 is SPE.
Detection DetectFaults(const PcaModel& model, size_t output, double limit) {
  const Predictor predictor = std::move(Predictor::Build(ModelBody(model)).value());
  Detection out;
  for (int fault = 1; fault <= 21; ++fault) {
    char name[64];
    std::snprintf(name, sizeof name, "tennessee-eastman/d%02d_te.dat", fault);
    const Matrix x = train_test::ReadNumbers(train_test::SharedData(name));
    EXPECT_EQ(x.rows, 960u) << name;
    for (size_t r = 0; r < x.rows; ++r) {
      double score[2];
      predictor.Score(x.row(r), score);
      const bool alarm = score[output] > limit;
      if (r < 160) out.false_alarms += alarm ? 1.0 / 160 / 21 : 0;
      if (r >= 160) out.missed += alarm ? 0 : 1.0 / 800 / 21;
    }
  }
  return out;
}

TEST(PcaMonitor, DetectsTennesseeEastmanFaultsAtHonestFalseAlarmRates) {
  const auto path = train_test::SharedData("tennessee-eastman/d00.dat");
  if (!std::filesystem::exists(path)) GTEST_SKIP() << "the Tennessee Eastman data is not here";
  const Matrix transposed = train_test::ReadNumbers(path);
  ASSERT_EQ(transposed.rows, 52u);
  Matrix normal(transposed.columns, transposed.rows);
  for (size_t r = 0; r < normal.rows; ++r) {
    for (size_t c = 0; c < normal.columns; ++c) normal.at(r, c) = transposed.at(c, r);
  }
  const PcaModel model = FitPcaMonitor(normal).value();
  const Detection t2 = DetectFaults(model, 0, model.t2_limit95);
  const Detection spe = DetectFaults(model, 1, model.spe_limit95);
  RecordProperty("t2_missed", std::to_string(t2.missed));
  RecordProperty("t2_false", std::to_string(t2.false_alarms));
  RecordProperty("spe_missed", std::to_string(spe.missed));
  RecordProperty("spe_false", std::to_string(spe.false_alarms));
  EXPECT_LE(t2.missed, .40);
  EXPECT_LE(t2.false_alarms, .10);
  EXPECT_LE(spe.missed, .33);
  EXPECT_LE(spe.false_alarms, .08);
}

}  // namespace
}  // namespace forewarn
