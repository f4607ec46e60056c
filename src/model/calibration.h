// Raw ensemble output to probability: the one place that evaluates a Calibration, for the learners, the
// evaluator and the tests alike. The ONNX graphs (onnx_writer.cc) compute the same in double. Pure; any
// thread.
#pragma once

#include "model/model.h"

namespace forewarn {

// 1 / (1 + exp(−z)), exact at both tails.
double Logistic(double z);
// The calibrated output of the raw output s. The calibration must pass CheckBody's conditions.
double Calibrate(const Calibration& calibration, double s);

}  // namespace forewarn
