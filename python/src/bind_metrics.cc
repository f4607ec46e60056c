// Metrics of point predictions (train/metrics.h), for arrays.
#include <fmt/format.h>

#include "bindings.h"
#include "handles.h"
#include "train/metrics.h"

namespace forewarn::python {
namespace {

// Labels and scores of equal length; scores are numbers.
struct Judged {
  std::vector<uint8_t> labels;
  Vector scores;
  Labels y() const { return labels; }
  Scores s() const { return {scores.data(), scores.size()}; }
};

Judged TakeJudged(nb::handle labels, nb::handle scores) {
  Judged out{ToLabels(labels), ToVector(scores)};
  if (out.labels.size() != out.scores.size()) {
    throw StatusError(Status::Invalid(
        fmt::format("{} labels for {} scores; one a row is needed", out.labels.size(), out.scores.size())));
  }
  for (size_t r = 0; r < out.scores.size(); ++r) {
    if (IsValid(out.scores.data()[r])) continue;
    throw StatusError(Status::Invalid(fmt::format("the score at row {} is missing (NaN)", r)));
  }
  return out;
}

template <double (*metric)(Labels, Scores)>
double Metric(nb::handle labels, nb::handle scores) {
  const Judged judged = TakeJudged(labels, scores);
  return metric(judged.y(), judged.s());
}

nb::dict ConfusionOf(nb::handle labels, nb::handle scores, double threshold) {
  const Judged judged = TakeJudged(labels, scores);
  const Confusion c = Confuse(judged.y(), judged.s(), threshold);
  nb::dict out;
  out["true_positive"] = c.true_positive;
  out["false_positive"] = c.false_positive;
  out["true_negative"] = c.true_negative;
  out["false_negative"] = c.false_negative;
  out["precision"] = c.Precision();
  out["recall"] = c.Recall();
  out["f1"] = c.F1();
  out["accuracy"] = c.Accuracy();
  return out;
}

nb::dict Curve(nb::handle labels, nb::handle scores) {
  const Judged judged = TakeJudged(labels, scores);
  std::vector<double> threshold, tpr, fpr, precision;
  for (const CurvePoint& point : RankingCurve(judged.y(), judged.s())) {
    threshold.push_back(point.threshold);
    tpr.push_back(point.true_positive_rate);
    fpr.push_back(point.false_positive_rate);
    precision.push_back(point.precision);
  }
  nb::dict out;
  out["threshold"] = ToNumpy(std::move(threshold));
  out["true_positive_rate"] = ToNumpy(std::move(tpr));
  out["false_positive_rate"] = ToNumpy(std::move(fpr));
  out["precision"] = ToNumpy(std::move(precision));
  return out;
}

nb::dict ReliabilityOf(nb::handle labels, nb::handle scores, int bins) {
  if (bins < 1) throw StatusError(Status::Invalid("bins is at least 1"));
  const Judged judged = TakeJudged(labels, scores);
  std::vector<double> probability, share;
  std::vector<int64_t> rows;
  for (const ReliabilityBin& bin : Reliability(judged.y(), judged.s(), bins)) {
    probability.push_back(bin.mean_probability);
    share.push_back(bin.share);
    rows.push_back(static_cast<int64_t>(bin.rows));
  }
  nb::dict out;
  out["mean_probability"] = ToNumpy(std::move(probability));
  out["share"] = ToNumpy(std::move(share));
  out["rows"] = ToNumpy(std::move(rows));
  return out;
}

double CalibrationErrorOf(nb::handle labels, nb::handle scores, int bins) {
  if (bins < 1) throw StatusError(Status::Invalid("bins is at least 1"));
  const Judged judged = TakeJudged(labels, scores);
  return CalibrationError(judged.y(), judged.s(), bins);
}

template <BestF1 (*best)(Labels, Scores)>
std::pair<double, double> Best(nb::handle labels, nb::handle scores) {
  const Judged judged = TakeJudged(labels, scores);
  const BestF1 found = best(judged.y(), judged.s());
  return {found.threshold, found.f1};
}

struct Classes {
  std::vector<int> truth, predicted;
};

Classes TakeClasses(nb::handle truth, nb::handle predicted, int classes) {
  Classes out;
  const Vector y = ToVector(truth);
  const Vector p = ToVector(predicted);
  if (y.size() == 0 || y.size() != p.size()) {
    throw StatusError(Status::Invalid(
        fmt::format("{} classes and {} predictions; one of each a row is needed", y.size(), p.size())));
  }
  for (const auto& [from, to] : {std::pair(&y, &out.truth), std::pair(&p, &out.predicted)}) {
    for (size_t r = 0; r < from->size(); ++r) {
      const double cell = from->data()[r];
      if (!(cell >= 0 && cell < classes) || cell != static_cast<int>(cell)) {
        throw StatusError(
            Status::Invalid(fmt::format("the class at row {} is {}; known: 0 to {}", r, cell, classes - 1)));
      }
      to->push_back(static_cast<int>(cell));
    }
  }
  return out;
}

template <double (*metric)(Scores, Scores)>
double Regression(nb::handle truth, nb::handle predicted) {
  const Vector y = ToVector(truth);
  const Vector p = ToVector(predicted);
  if (y.size() == 0 || y.size() != p.size()) {
    throw StatusError(Status::Invalid(
        fmt::format("{} values and {} predictions; one of each a row is needed", y.size(), p.size())));
  }
  return metric({y.data(), y.size()}, {p.data(), p.size()});
}

}  // namespace

void BindMetrics(nb::module_& m) {
  const auto labels = nb::arg("labels");
  const auto scores = nb::arg("scores");
  m.def("roc_auc", &Metric<RocAuc>, labels, scores, "Ties count half; NaN unless both classes are there.");
  m.def("average_precision", &Metric<AveragePrecision>, labels, scores);
  m.def("brier_score", &Metric<BrierScore>, labels, scores);
  m.def("log_loss", &Metric<LogLoss>, labels, scores);
  m.def("calibration_error", &CalibrationErrorOf, labels, scores, nb::arg("bins") = 10,
        "Expected calibration error over equal-width bins.");
  m.def("confusion", &ConfusionOf, labels, scores, nb::arg("threshold") = 0.5,
        nb::sig("def confusion(labels: object, scores: object, threshold: float = 0.5) -> dict"),
        "Counts, precision, recall, F1 and accuracy at a threshold.");
  m.def("ranking_curve", &Curve, labels, scores,
        nb::sig("def ranking_curve(labels: object, scores: object) -> dict"),
        "Points of the ROC and precision-recall curves, from the highest score down.");
  m.def("reliability", &ReliabilityOf, labels, scores, nb::arg("bins") = 8,
        nb::sig("def reliability(labels: object, scores: object, bins: int = 8) -> dict"));
  m.def("best_f1_on_grid", &Best<BestF1OnGrid>, labels, scores,
        "(threshold, F1) over 50 thresholds .1 to .9.");
  m.def("best_f1_cut", &Best<BestF1Cut>, labels, scores,
        "(threshold, F1) over every cut between two scores.");
  m.def(
      "accuracy",
      [](nb::handle truth, nb::handle predicted, int classes) {
        const Classes c = TakeClasses(truth, predicted, classes);
        return Accuracy(c.truth, c.predicted);
      },
      nb::arg("truth"), nb::arg("predicted"), nb::arg("classes") = 3);
  m.def(
      "macro_f1",
      [](nb::handle truth, nb::handle predicted, int classes) {
        const Classes c = TakeClasses(truth, predicted, classes);
        return MacroF1(c.truth, c.predicted, classes);
      },
      nb::arg("truth"), nb::arg("predicted"), nb::arg("classes") = 3);
  m.def("mean_absolute_error", &Regression<MeanAbsoluteError>, nb::arg("truth"), nb::arg("predicted"));
  m.def("r2", &Regression<R2>, nb::arg("truth"), nb::arg("predicted"));
}

}  // namespace forewarn::python
