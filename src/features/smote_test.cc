#include "features/smote.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "core/random.h"

namespace forewarn {
namespace smote_testing {

struct Points {
  std::vector<double> values;
  std::vector<uint8_t> labels;
};

// Every fifth row is of the minority.
Points Cloud(size_t rows, size_t columns, uint64_t seed) {
  Random random(seed);
  Points out;
  for (size_t r = 0; r < rows; ++r) {
    out.labels.push_back(r % 5 == 0 ? 1 : 0);
    for (size_t c = 0; c < columns; ++c) out.values.push_back(random.Normal() * (1 + static_cast<double>(c)));
  }
  return out;
}

// The plain twin: is `to` among the k nearest minority rows of `from`?
bool IsNeighbour(const Points& p, size_t columns, size_t from, size_t to, size_t k) {
  const auto distance = [&](size_t a, size_t b) {
    double sum = 0;
    for (size_t c = 0; c < columns; ++c)
      sum += std::pow(p.values[a * columns + c] - p.values[b * columns + c], 2);
    return sum;
  };
  size_t nearer = 0;
  for (size_t r = 0; r < p.labels.size(); ++r) {
    if (p.labels[r] == 1 && r != from && distance(from, r) < distance(from, to)) ++nearer;
  }
  return nearer < k;
}

// Is row s of values = a + u (b − a) for one u in [0, 1)?
bool OnSegment(const std::vector<double>& values, size_t columns, size_t s, size_t a, size_t b) {
  double u = -1;
  for (size_t c = 0; c < columns; ++c) {
    const double from = values[a * columns + c];
    const double step = values[b * columns + c] - from;
    const double here = (values[s * columns + c] - from) / step;
    if (c == 0) u = here;
    if (std::abs(here - u) > 1e-6) return false;
  }
  return u >= 0 && u < 1;
}

}  // namespace smote_testing

TEST(Smote, MakesTheClassesEqualAndKeepsTheGivenRows) {
  const smote_testing::Points p = smote_testing::Cloud(100, 3, 1);
  const SmoteResult out = Smote(p.values, 3, p.labels, 5, 42);
  ASSERT_TRUE(out.applied);
  EXPECT_EQ(out.synthetic, 60u);
  EXPECT_EQ(std::count(out.labels.begin(), out.labels.end(), 1), 80);
  EXPECT_EQ(std::count(out.labels.begin(), out.labels.end(), 0), 80);
  EXPECT_TRUE(std::equal(p.values.begin(), p.values.end(), out.values.begin()));
}

TEST(Smote, SyntheticRowsLieBetweenAMinorityRowAndOneOfItsNearest) {
  const smote_testing::Points p = smote_testing::Cloud(100, 3, 2);
  const SmoteResult out = Smote(p.values, 3, p.labels, 5, 42);
  std::set<size_t> origins;
  for (size_t s = 100; s < out.labels.size(); ++s) {
    bool found = false;
    for (size_t a = 0; a < 100 && !found; a += 5) {
      for (size_t b = 0; b < 100 && !found; b += 5) {
        if (a == b || !smote_testing::OnSegment(out.values, 3, s, a, b)) continue;
        found = smote_testing::IsNeighbour(p, 3, a, b, 5);
        if (found) origins.insert(a);
      }
    }
    EXPECT_TRUE(found) << "synthetic row " << s;
  }
  EXPECT_GT(origins.size(), 10u);  // spread over the minority, not piled on one row
}

TEST(Smote, IsDeterministicForASeed) {
  const smote_testing::Points p = smote_testing::Cloud(60, 2, 3);
  EXPECT_EQ(Smote(p.values, 2, p.labels, 5, 7).values, Smote(p.values, 2, p.labels, 5, 7).values);
  EXPECT_NE(Smote(p.values, 2, p.labels, 5, 7).values, Smote(p.values, 2, p.labels, 5, 8).values);
}

TEST(SyntheticRows, AreThoseOfAWholeTable) {
  const smote_testing::Points p = smote_testing::Cloud(60, 2, 3);
  const SmoteResult whole = Smote(p.values, 2, p.labels, 5, 7);
  std::vector<double> minority;
  for (size_t r = 0; r < 60; r += 5) minority.insert(minority.end(), &p.values[2 * r], &p.values[2 * r] + 2);
  const std::vector<double> rows = SyntheticRows(minority, 2, 5, whole.synthetic, 7);
  EXPECT_EQ(rows, std::vector<double>(whole.values.begin() + 120, whole.values.end()));
}

TEST(Smote, IsSkippedWithAReasonWhereTheMinorityIsTooSmall) {
  const smote_testing::Points p = smote_testing::Cloud(25, 2, 4);  // 5 of the minority, k = 5
  const SmoteResult out = Smote(p.values, 2, p.labels, 5, 42);
  EXPECT_FALSE(out.applied);
  EXPECT_EQ(out.synthetic, 0u);
  EXPECT_EQ(out.values, p.values);
  EXPECT_NE(out.note.find("5 rows"), std::string::npos) << out.note;
  EXPECT_TRUE(Smote(p.values, 2, p.labels, 4, 42).applied);
}

TEST(Smote, IsSkippedForOneClassAndForEqualClasses) {
  EXPECT_FALSE(Smote({1, 2, 3}, 1, {0, 0, 0}, 5, 42).applied);
  EXPECT_FALSE(Smote({1, 2}, 1, {0, 1}, 5, 42).applied);
  EXPECT_FALSE(Smote({}, 3, {}, 5, 42).applied);
}

TEST(Smote, AddsToTheClassOfZerosWhereThatIsTheMinority) {
  smote_testing::Points p = smote_testing::Cloud(60, 2, 5);
  for (uint8_t& label : p.labels) label = label == 1 ? 0 : 1;
  const SmoteResult out = Smote(p.values, 2, p.labels, 5, 42);
  ASSERT_TRUE(out.applied);
  EXPECT_EQ(out.minority, 0);
  EXPECT_EQ(out.labels.back(), 0);
}

TEST(Smote, HandlesIdenticalMinorityRows) {
  std::vector<double> values(20, 1.0);
  std::vector<uint8_t> labels(20, 0);
  for (size_t i = 0; i < 7; ++i) labels[i] = 1;
  const SmoteResult out = Smote(values, 1, labels, 5, 42);
  ASSERT_TRUE(out.applied);
  EXPECT_EQ(out.values.back(), 1.0);
}

}  // namespace forewarn
