#include "model/calibration.h"

#include <algorithm>
#include <cmath>

namespace forewarn {

double Logistic(double z) {
  const double e = std::exp(-std::fabs(z));
  return z >= 0 ? 1.0 / (1.0 + e) : e / (1.0 + e);
}

double Calibrate(const Calibration& c, double s) {
  switch (c.kind) {
    case Calibration::Kind::kIdentity:
      return s;
    case Calibration::Kind::kLogistic:
      return Logistic(s);
    case Calibration::Kind::kSigmoid:
      return Logistic(-(c.a * s + c.b));
    case Calibration::Kind::kIsotonic:
      break;
  }
  if (!(s > c.x.front())) return c.y.front();
  if (s >= c.x.back()) return c.y.back();
  const size_t i = static_cast<size_t>(std::upper_bound(c.x.begin(), c.x.end(), s) - c.x.begin()) - 1;
  return c.y[i] + (s - c.x[i]) * ((c.y[i + 1] - c.y[i]) / (c.x[i + 1] - c.x[i]));
}

}  // namespace forewarn
