#include "plant/rule.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>

namespace forewarn {
namespace rule_test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Frame Rows() {
  Frame frame({0, kHour, 2 * kHour, 3 * kHour});
  frame.Set("a", {1, 2, kNull, 4});
  frame.Set("b", {4, 3, 2, 1});
  return frame;
}

std::vector<bool> Eval(const std::string& text) {
  const auto rule = Rule::Parse(text);
  EXPECT_TRUE(rule.ok()) << text << ": " << rule.status().message();
  if (!rule.ok()) return {};
  const auto hits = rule->Evaluate(Rows());
  EXPECT_TRUE(hits.ok()) << text << ": " << hits.status().message();
  return hits.ok() ? *hits : std::vector<bool>();
}

std::string ParseError(const std::string& text) {
  const auto rule = Rule::Parse(text);
  return rule.ok() ? "" : rule.message();
}

TEST(Rule, Evaluate_ComparesColumnsAndNumbers) {
  EXPECT_THAT(Eval("a > 1"), ElementsAre(false, true, false, true));
  EXPECT_THAT(Eval("a >= 1"), ElementsAre(true, true, false, true));
  EXPECT_THAT(Eval("b < 3"), ElementsAre(false, false, true, true));
  EXPECT_THAT(Eval("b <= 3"), ElementsAre(false, true, true, true));
  EXPECT_THAT(Eval("b == 3"), ElementsAre(false, true, false, false));
  EXPECT_THAT(Eval("2 < b"), ElementsAre(true, true, false, false));
  EXPECT_THAT(Eval("A > B"), ElementsAre(false, false, false, true));
}

TEST(Rule, Evaluate_ComparisonWithNullIsFalse) {
  EXPECT_THAT(Eval("a != 1"), ElementsAre(false, true, false, true));
  EXPECT_THAT(Eval("a == a"), ElementsAre(true, true, false, true));
  EXPECT_THAT(Eval("a + b > -100"), ElementsAre(true, true, false, true));
  EXPECT_THAT(Eval("not a > 1"), ElementsAre(true, false, true, false));
}

TEST(Rule, Evaluate_KeepsPrecedence) {
  EXPECT_THAT(Eval("b - 1 - 1 == 2"), ElementsAre(true, false, false, false));
  EXPECT_THAT(Eval("12 / b / 2 == 3"), ElementsAre(false, false, true, false));
  EXPECT_THAT(Eval("b * 2 + 1 == 7"), ElementsAre(false, true, false, false));
  EXPECT_THAT(Eval("1 + b * 2 == 7"), ElementsAre(false, true, false, false));
  EXPECT_THAT(Eval("(1 + b) * 2 == 8"), ElementsAre(false, true, false, false));
  EXPECT_THAT(Eval("b == 4 or b == 3 and b == 2"), ElementsAre(true, false, false, false));
  EXPECT_THAT(Eval("(b == 4 or b == 3) and b == 2"), ElementsAre(false, false, false, false));
  EXPECT_THAT(Eval("not b == 4 and not b == 3"), ElementsAre(false, false, true, true));
  EXPECT_THAT(Eval("-b < -3"), ElementsAre(true, false, false, false));
  EXPECT_THAT(Eval("--b > 3"), ElementsAre(true, false, false, false));
}

TEST(Rule, Evaluate_AbsAndNesting) {
  EXPECT_THAT(Eval("abs(b - 3) >= 1"), ElementsAre(true, false, true, true));
  EXPECT_THAT(Eval("abs(abs(b - 3) - 1) < 0.5"), ElementsAre(true, false, true, false));
  EXPECT_THAT(Eval("((b > 3))"), ElementsAre(true, false, false, false));
}

TEST(Rule, Evaluate_QuantileInterpolatesOverValidRows) {
  // the valid cells of a are 1, 2, 4: the median is 2, the 75 % quantile 3
  EXPECT_THAT(Eval("a > quantile(a, 0.5)"), ElementsAre(false, false, false, true));
  EXPECT_THAT(Eval("quantile(a, .75) == 3 and b > 0"), ElementsAre(true, true, true, true));
  EXPECT_THAT(Eval("a >= quantile(a, 1)"), ElementsAre(false, false, false, true));
  EXPECT_THAT(Eval("a <= quantile(a, 0)"), ElementsAre(true, false, false, false));
}

TEST(Rule, Evaluate_QuantileOfNothingIsNull) {
  Frame frame({0, kHour});
  frame.Set("a", {kNull, kNull});
  frame.Set("b", {1, 2});
  const auto rule = Rule::Parse("b > quantile(a, 0.5)");
  ASSERT_TRUE(rule.ok());
  EXPECT_THAT(*rule->Evaluate(frame), ElementsAre(false, false));
}

TEST(Rule, Evaluate_EmptyTableGivesNoRows) {
  Frame frame;
  frame.Set("a", std::vector<double>{});
  const auto rule = Rule::Parse("a > quantile(a, 0.5)");
  ASSERT_TRUE(rule.ok());
  EXPECT_TRUE(rule->Evaluate(frame)->empty());
}

TEST(Rule, Parse_ListsEachColumnOnce) {
  const auto rule = Rule::Parse("abs(x) > 1 and y < x + quantile(z, 0.9)");
  ASSERT_TRUE(rule.ok());
  EXPECT_THAT(rule->columns(), ElementsAre("x", "y", "z"));
  EXPECT_TRUE(rule->UsesQuantile());
  EXPECT_FALSE(Rule::Parse("x > 1")->UsesQuantile());
}

TEST(Rule, Evaluate_TakesAQuantileThatIsGivenForTheTables) {
  Frame frame(std::vector<PlantTime>{0, 1, 2});
  frame.Set("a", std::vector<double>{1, 2, 3});
  const auto rule = Rule::Parse("a > quantile(a, 0.5)");
  ASSERT_TRUE(rule.ok());
  ASSERT_EQ(rule->Quantiles().size(), 1u);
  EXPECT_EQ(rule->Quantiles()[0].column, "a");
  EXPECT_EQ(rule->Quantiles()[0].share, 0.5);
  EXPECT_THAT(*rule->Evaluate(frame), ElementsAre(false, false, true));
  EXPECT_THAT(*rule->Evaluate(frame, {{"a", 0.5, 0.5}}), ElementsAre(true, true, true));
  EXPECT_THAT(*rule->Evaluate(frame, {{"a", 0.9, 0.5}}),
              ElementsAre(false, false, true));  // another quantile
}

TEST(Rule, Parse_ErrorsSayWhereAndWhat) {
  EXPECT_EQ(ParseError("a > "),
            "line 1, column 5: expected a number, a column or '(', found the end of the rule");
  EXPECT_EQ(ParseError("a >\n  * 2"), "line 2, column 3: expected a number, a column or '(', found '*'");
  EXPECT_THAT(ParseError("a = 3"), HasSubstr("column 3: '=' compares nothing; write '=='"));
  EXPECT_THAT(ParseError("a > 1 && b > 2"),
              HasSubstr("column 7: '&' is unknown; write 'and', 'or' or 'not'"));
  EXPECT_THAT(ParseError("1 < a < 2"), HasSubstr("column 7: comparisons do not chain"));
  EXPECT_THAT(ParseError("a > 1 b"),
              HasSubstr("column 7: expected 'and', 'or' or the end of the rule, found 'b'"));
  EXPECT_THAT(ParseError("(a > 1"), HasSubstr("expected ')', found the end"));
  EXPECT_THAT(ParseError(""), HasSubstr("the rule is empty"));
  EXPECT_THAT(ParseError("median(a) > 2"), HasSubstr("unknown function 'median'"));
  EXPECT_THAT(ParseError("a > 1e999"), HasSubstr("too large"));
  EXPECT_THAT(ParseError("3x > 1"), HasSubstr("a number runs into 'x'"));
  EXPECT_THAT(ParseError("a > \xC3\xA9"), HasSubstr("column 5: unexpected byte 0xc3"));
}

TEST(Rule, Parse_ChecksTypes) {
  EXPECT_THAT(ParseError("a + 1"), HasSubstr("a rule is a comparison, but this is a number"));
  EXPECT_THAT(ParseError("a > 1 and b"), HasSubstr("column 11: 'and' joins comparisons"));
  EXPECT_THAT(ParseError("not a"), HasSubstr("'not' wants a comparison"));
  EXPECT_THAT(ParseError("(a > 1) + 2 > 3"), HasSubstr("'+' wants numbers on both sides"));
  EXPECT_THAT(ParseError("abs((a > 1)) > 0"), HasSubstr("'abs' wants a number"));
  EXPECT_THAT(ParseError("-(a > 1)"), HasSubstr("'-' wants a number"));
  EXPECT_THAT(ParseError("quantile(3, 0.5) > 1"), HasSubstr("'quantile' wants a column first"));
  EXPECT_THAT(ParseError("a > quantile(a, 1.5)"), HasSubstr("a number from 0 to 1, found '1.5'"));
  EXPECT_THAT(ParseError("a > quantile(a, b)"), HasSubstr("a number from 0 to 1"));
  EXPECT_THAT(ParseError("1 > 2"), HasSubstr("reads no column"));
}

TEST(Rule, Parse_RefusesDeepNestingAndLength) {
  EXPECT_THAT(ParseError(std::string(100000, '(') + "a"), HasSubstr("at most"));
  EXPECT_THAT(ParseError(std::string(5000, '(') + "a"), HasSubstr("nested more than"));
  EXPECT_THAT(ParseError(std::string(5000, '-') + "a > 1"), HasSubstr("nested more than"));
  std::string wide = "a";
  for (int i = 0; i < 5000; ++i) wide += "+a";
  EXPECT_THAT(ParseError(wide + "> 1"), HasSubstr("more than 1000 parts"));
}

TEST(Rule, Check_NamesPlaceAndNearestColumn) {
  const auto rule = Rule::Parse("a > 1 and\n abs(presure) > 2");
  ASSERT_TRUE(rule.ok());
  EXPECT_TRUE(rule->Check({"a", "presure"}).ok());
  const Status status = rule->Check({"a", "pressure"});
  EXPECT_EQ(status.code(), Code::kNotFound);
  EXPECT_EQ(status.message(),
            "line 2, column 6: unknown column 'presure' (did you mean 'pressure'?); known: a, pressure");
  const auto quantile = Rule::Parse("a > quantile( zz , 0.5)");
  EXPECT_THAT(quantile->Check({"a"}).message(), HasSubstr("column 15: unknown column 'zz'"));
}

TEST(Rule, EvaluateAny_JoinsRulesAndNamesTheFailing) {
  const std::vector<Rule> rules = {*Rule::Parse("b == 4"), *Rule::Parse("b == 1")};
  EXPECT_THAT(*EvaluateAny(rules, Rows()), ElementsAre(true, false, false, true));
  EXPECT_THAT(*EvaluateAny({}, Rows()), ElementsAre(false, false, false, false));
  const auto bad = EvaluateAny({*Rule::Parse("nope > 4")}, Rows());
  EXPECT_THAT(bad.status().message(), HasSubstr("rule 'nope > 4': line 1, column 1: unknown column"));
}

}  // namespace
}  // namespace rule_test
}  // namespace forewarn
