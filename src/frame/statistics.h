// Descriptive statistics over a column's valid cells; null where there are none. Summation is in row order,
// so results do not depend on threads.
#pragma once

#include <span>

namespace forewarn {

double Mean(std::span<const double> cells);
double SampleStd(std::span<const double> cells);  // n − 1; null under two cells
// Linear interpolation between order statistics (pandas' and numpy's default), q in [0, 1].
double Quantile(std::span<const double> cells, double q);
double Median(std::span<const double> cells);
double Minimum(std::span<const double> cells);
double Maximum(std::span<const double> cells);
// Pearson's correlation over the rows where both are valid; null where one of them does not vary.
double Correlation(std::span<const double> a, std::span<const double> b);

}  // namespace forewarn
