// The soft blend (models.md): ½ logistic regression + ½ forest, smoothed by an exponential moving average
// that starts at its first value. One place for training's figures and the live monitor.
#pragma once

namespace forewarn {

// Suffixes of the parts' registered names.
inline constexpr char kBlendLinearSuffix[] = "lr_soft_alarm";
inline constexpr char kBlendForestSuffix[] = "rf_soft_alarm";
inline constexpr double kBlendAlpha = 0.3;

inline double Blend(double linear, double forest) { return (linear + forest) / 2; }
inline double SmoothBlend(double before, double blend) {
  return kBlendAlpha * blend + (1 - kBlendAlpha) * before;
}

}  // namespace forewarn
