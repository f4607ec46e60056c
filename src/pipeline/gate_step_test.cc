#include "pipeline/gate_step.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/file.h"

namespace forewarn {
namespace gate_step_test {
namespace {

using ::testing::HasSubstr;

Table OneRow() {
  Table table;
  table.columns.push_back({"timestamp", TimeColumn{{0}}});
  return table;
}

std::filesystem::path WriteSuite(const ScratchFolder& folder, const std::string& column) {
  const std::filesystem::path path = folder.path() / (column + ".json");
  const std::string text =
      R"({"name":"s","expectations":[{"type":"expect_column_to_exist","kwargs":{"column":")" + column +
      R"("}}]})";
  EXPECT_TRUE(WriteFileAtomic(path, text).ok());
  return path;
}

TEST(GateStep, RunGate_UsesThePlantsSuiteUnlessAnotherIsGiven) {
  const ScratchFolder folder;
  Plant plant;
  plant.suite = WriteSuite(folder, "anomaly_label");
  const auto own = RunGate(plant, {}, OneRow(), "t.csv");
  ASSERT_TRUE(own.ok()) << own.message();
  EXPECT_FALSE((*own)->success);
  EXPECT_EQ(GateStatus(*own, "t.csv").code(), Code::kGate);
  EXPECT_THAT(
      GateStatus(*own, "t.csv").message(),
      HasSubstr("'t.csv' failed validation: 0 of 1 expectations hold; expect_column_to_exist anomaly_label"));
  const auto other = RunGate(plant, WriteSuite(folder, "timestamp"), OneRow(), "t.csv");
  ASSERT_TRUE(other.ok());
  EXPECT_TRUE(GateStatus(*other, "t.csv").ok());
}

TEST(GateStep, RunGate_WithoutASuiteLetsEverythingPass) {
  const auto result = RunGate(Plant(), {}, OneRow(), "t.csv");
  ASSERT_TRUE(result.ok());
  EXPECT_FALSE(result->has_value());
  EXPECT_TRUE(GateStatus(*result, "t.csv").ok());
}

TEST(GateStep, RunGate_FailsWhereTheSuiteCannotBeRead) {
  const ScratchFolder folder;
  EXPECT_EQ(RunGate(Plant(), folder.path() / "absent.json", OneRow(), "t").status().code(), Code::kIo);
  ASSERT_TRUE(WriteFileAtomic(folder.path() / "bad.json", "{").ok());
  EXPECT_THAT(RunGate(Plant(), folder.path() / "bad.json", OneRow(), "t").message(),
              HasSubstr("bad.json: no JSON"));
}

}  // namespace
}  // namespace gate_step_test
}  // namespace forewarn
