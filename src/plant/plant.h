// The plant definition: everything the product knows about a plant, checked once when its TOML file is read
// (plant_file.h). The only place where tag names live; no source file names one. Immutable after loading;
// safe from any thread.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/plant_time.h"
#include "core/status.h"
#include "frame/frame.h"
#include "plant/presets.h"
#include "plant/rule.h"
#include "plant/simulator_spec.h"

namespace forewarn {

// A plain measuring point.
struct Tag {
  std::string id;  // lower case; the column's name
  std::string label;
  std::string unit;
  double low = kNull;  // normal band, null where not given
  double high = kNull;
  bool sensor = true;              // a model input
  double saturated_above = kNull;  // makes <id>_saturated
  std::vector<std::string> files;  // workbook name patterns
};

// A control loop: makes <id>_pv, <id>_op, <id>_sp, <id>_deviation; its PV is a sensor.
struct Controller {
  std::string id;
  std::string label;
  std::string unit;
  double low = kNull;
  double high = kNull;
  bool sensor = true;
  std::optional<double> sp_fixed;  // the setpoint wherever it is missing
  std::vector<std::string> files;
};

enum class FillFinal { kMedian, kNone };

struct FillSpec {
  int forward = 6;      // cells of a gap filled with the last value
  int interpolate = 3;  // further cells interpolated in time
  FillFinal final = FillFinal::kMedian;
};

struct RollingSpec {
  int rows = 0;
  std::vector<std::string> of;  // column names
};

struct HistorySum {
  std::string name;
  std::string of;
  int rows = 0;
};

struct FeatureSpec {
  int window = 12;                        // rows of a forecaster's window
  std::vector<PlantTime> horizons;        // as durations, ascending
  RollingSpec rolling;                    // makes <column>_roll_mean, <column>_roll_std
  RollingSpec volatility;                 // makes <column>_roll{hours}h_mean, _std (see VolatilityName)
  std::vector<std::string> delta;         // makes <column>_delta
  std::vector<std::string> point;         // the classifiers' inputs, in order
  std::optional<HistorySum> history_sum;  // never a model input
};

struct LabelPeriod {
  PlantTime from = 0;  // both ends included
  PlantTime to = 0;
  std::string note;
};

struct LabelSpec {
  std::vector<LabelPeriod> periods;
  std::vector<Rule> alarm;       // any of them true: label 1
  std::vector<Rule> transition;  // any of them true (and no alarm): regime 1
  bool empty() const { return periods.empty() && alarm.empty(); }
};

enum class ForecastTarget { kWithin, kAt };

struct ModelSpec {
  std::vector<std::string> train;        // run names of models.md
  std::string prefix;                    // "plant_alarm": registered names are prefix + "_champion", …
  std::string deviation_target;          // column the ridge predicts one step ahead ("" = no ridge)
  std::string leading_sensor;            // the level baseline's column ("" = chosen on the training part)
  double false_alarms_per_day = 1.0;     // budget of a forecaster's own threshold
  double false_warnings_per_day = 0.35;  // budget of the warnings' threshold: the horizons pooled
  double warning_release = 0.7;          // a warning ends below this part of its threshold
  ForecastTarget forecast_target = ForecastTarget::kWithin;
};

struct Plant {
  std::string name;
  std::string title;         // for people; the name where not given
  std::string zone = "UTC";  // IANA name
  PlantTime interval = kHour;
  std::string day_first_format;  // "" = ISO dates only; "DD.MM.YYYY HH:MM:SS", "MM/DD/YYYY HH:MM", … for CSV
  std::vector<Tag> tags;
  std::vector<Controller> controllers;
  FillSpec fill;
  FeatureSpec features;
  LabelSpec label;
  ModelSpec models;
  std::filesystem::path suite;  // validation suite, resolved against the plant file's folder; may be empty
  SimulatorSpec simulator;      // empty() where the plant has none
  PresetSpec presets;           // inputs to start from, for forms
  std::filesystem::path file;   // where it was read from

  // Columns the models see: plain sensors in file order, then the controllers' PVs.
  std::vector<std::string> Sensors() const;
  // Every series a historian is expected to give: tags, then <controller>_pv, _op, _sp.
  std::vector<std::string> SeriesNames() const;
  const Tag* FindTag(std::string_view id) const;
  const Controller* FindController(std::string_view id) const;
  // Label, unit and normal band of a column (sensor, _op, _sp, _deviation…); empty strings where unknown.
  struct ColumnInfo {
    std::string label;
    std::string unit;
    double low = kNull;
    double high = kNull;
  };
  ColumnInfo Describe(std::string_view column) const;
  // The horizons as numbers of grid steps (1, 3, 6 on the gas plant).
  std::vector<int> HorizonSteps() const;
  // "1h", "3h", "6h" of the i-th horizon.
  std::string HorizonName(size_t i) const;
  // Registered model name: prefix + "_" + suffix.
  std::string ModelName(std::string_view suffix) const { return models.prefix + "_" + std::string(suffix); }
};

}  // namespace forewarn
