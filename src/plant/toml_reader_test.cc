#include "plant/toml_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace forewarn {
namespace toml_reader_test {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

TomlDocument Document(std::string_view text) {
  auto document = TomlDocument::Parse(text, "x.toml");
  EXPECT_TRUE(document.ok()) << document.status().message();
  return std::move(document).value();
}

TEST(TomlReader, ReadsEveryType) {
  TomlDocument document = Document(
      "s = 'text'\nb = true\ni = 3\nn = 2\nx = 1.5\nd = '3h'\nt = '2014-12-25 22:00'\nt2 = "
      "2014-12-25T22:00:00\n"
      "list = ['a', 'b']\nnumbers = [1, 2.5]\n[table]\nk = 1\n[[row]]\nk = 1\n[[row]]\nk = 2\n");
  TomlReader root = document.Root();
  std::string s;
  bool b = false;
  int i = 0;
  double n = 0;
  double x = 0;
  PlantTime d = 0;
  PlantTime t = 0;
  PlantTime t2 = 1;
  std::vector<std::string> list;
  std::vector<double> numbers;
  EXPECT_TRUE(root.String("s", &s) && s == "text");
  EXPECT_TRUE(root.Bool("b", &b) && b);
  EXPECT_TRUE(root.Integer("i", &i, 1, 3) && i == 3);
  EXPECT_TRUE(root.Number("n", &n) && n == 2);
  EXPECT_TRUE(root.Number("x", &x) && x == 1.5);
  EXPECT_TRUE(root.Duration("d", &d) && d == 3 * kHour);
  EXPECT_TRUE(root.Time("t", &t) && FormatPlantTime(t) == "2014-12-25 22:00:00");
  EXPECT_TRUE(root.Time("t2", &t2) && t2 == t);
  EXPECT_TRUE(root.Strings("list", &list));
  EXPECT_THAT(list, testing::ElementsAre("a", "b"));
  EXPECT_TRUE(root.Numbers("numbers", &numbers));
  EXPECT_THAT(numbers, testing::ElementsAre(1, 2.5));
  EXPECT_TRUE(root.Table("table")->Integer("k", &i, 0, 9) && i == 1);
  auto rows = root.Tables("row");
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_TRUE(rows[0].Integer("k", &i, 0, 9) && i == 1);
  EXPECT_TRUE(rows[1].Integer("k", &i, 0, 9) && i == 2);
  EXPECT_EQ(rows[1].path(), "row[2]");
  EXPECT_THAT(document.Finish(), IsEmpty());
}

TEST(TomlReader, CollectsEveryProblemInFileOrder) {
  TomlDocument document = Document("s = 3\n[table]\nlow = 'x'\ntypo = 1\n[[row]]\nk = 10\nlist = ['a', 2]\n");
  TomlReader root = document.Root();
  std::string s = "kept";
  double low = 7;
  int k = 5;
  std::vector<std::string> list;
  for (auto& row : root.Tables("row")) {
    EXPECT_FALSE(row.Integer("k", &k, 0, 9));
    EXPECT_FALSE(row.Strings("list", &list));
    EXPECT_FALSE(row.String("name", &s, Need::kRequired));
  }
  auto table = root.Table("table");
  EXPECT_FALSE(table->Number("low", &low));
  table->Accept("type");
  EXPECT_FALSE(root.String("s", &s));
  EXPECT_EQ(s, "kept");
  EXPECT_EQ(low, 7);
  EXPECT_EQ(k, 5);
  std::string all;
  for (const Problem& problem : document.Finish()) all += problem.Text() + "\n";
  EXPECT_EQ(all,
            "x.toml:1: s: wanted a string, found an integer\n"
            "x.toml:3: table.low: wanted a number, found a string\n"
            "x.toml:4: table.typo: unknown key 'typo' (did you mean 'type'?); known: low, type\n"
            "x.toml:5: row[1].name: missing; [row[1]] must have it\n"
            "x.toml:6: row[1].k: 10 is out of range; allowed: 0 to 9\n"
            "x.toml:7: row[1].list[2]: wanted a string, found an integer\n");
}

TEST(TomlReader, WrongContainersAreProblems) {
  TomlDocument document = Document("a = 1\nb = {x = 1}\nc = [1]\n");
  TomlReader root = document.Root();
  EXPECT_FALSE(root.Table("a").has_value());
  EXPECT_THAT(root.Tables("b"), IsEmpty());
  EXPECT_THAT(root.Tables("c"), IsEmpty());
  const auto problems = document.Finish();
  ASSERT_EQ(problems.size(), 3u);
  EXPECT_THAT(problems[0].message, HasSubstr("wanted a table, found an integer"));
  EXPECT_THAT(problems[1].message, HasSubstr("write [[b]]"));
  EXPECT_EQ(problems[2].key, "c[1]");
}

TEST(TomlReader, RefusesNumbersThatAreNotFinite) {
  TomlDocument document = Document("a = inf\nb = nan\nc = [nan]\n");
  TomlReader root = document.Root();
  double x = 1;
  std::vector<double> list;
  EXPECT_FALSE(root.Number("a", &x));
  EXPECT_FALSE(root.Number("b", &x));
  EXPECT_FALSE(root.Numbers("c", &list));
  EXPECT_EQ(x, 1);
  EXPECT_EQ(document.Finish().size(), 3u);
}

TEST(TomlReader, SyntaxErrorsCarryTheirPlace) {
  const auto bad = TomlDocument::Parse("a = 1\nb = \n", "x.toml");
  ASSERT_FALSE(bad.ok());
  EXPECT_THAT(bad.message(), HasSubstr("x.toml: line 2, column"));
  EXPECT_THAT(TomlDocument::Parse("a = 1\na = 2\n", "x.toml").message(), HasSubstr("x.toml: line 2,"));
  EXPECT_THAT(TomlDocument::Parse("\xff\xfe", "x.toml").message(), HasSubstr("not UTF-8"));
  std::string deep = "a = ";
  deep.append(100000, '[');
  EXPECT_FALSE(TomlDocument::Parse(deep, "x.toml").ok());
}

}  // namespace
}  // namespace toml_reader_test
}  // namespace forewarn
