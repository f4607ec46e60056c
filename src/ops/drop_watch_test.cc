#include "ops/drop_watch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <deque>
#include <fstream>
#include <nlohmann/json.hpp>

#include "core/file.h"
#include "io/table_io.h"
#include "io/xlsx_fixture.h"
#include "label/label.h"
#include "pipeline/dataset_store.h"
#include "pipeline/simulate_step.h"
#include "plant/plant_file.h"

namespace forewarn {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;
using Json = nlohmann::json;

// A clock that stands still while the folder is looked at; each wait is told, runs what the test has put in
// store for it, and takes the time it was given. Without anything left in store the watch is over.
class ScriptedEvents final : public FolderEvents {
 public:
  double Now() override { return now_; }
  bool Wait(double seconds) override {
    waits.push_back(seconds);
    if (script.empty()) return false;
    const auto step = std::move(script.front());
    script.pop_front();
    if (step) step();
    now_ += std::min(seconds, 1000.0);
    return true;
  }
  void Interrupt() override { script.clear(); }

  std::deque<std::function<void()>> script;
  std::vector<double> waits;

 private:
  double now_ = 100;
};

std::vector<std::string> NamesIn(const fs::path& folder) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.is_regular_file()) names.push_back(entry.path().filename().string());
  }
  return names;
}

class DropWatchTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    auto plant = LoadPlantFile(std::string(FOREWARN_SOURCE_DIR) + "/plants/gas-treatment.toml");
    ASSERT_TRUE(plant.ok()) << plant.message();
    plant_ = new Plant(std::move(*plant));
    SimulateOptions options;
    options.hours = 24 * 28;
    auto readings = SimulateReadings(*plant_, options);
    auto table = SimulateTable(*plant_, options);
    ASSERT_TRUE(readings.ok() && table.ok());
    readings_ = new RawData(std::move(*readings));
    cleaned_ = new Frame(std::move(*table));
    auto labelled = LabelTable(*plant_, *cleaned_);
    ASSERT_TRUE(labelled.ok());
    labelled_ = new Frame(std::move(labelled->table));
  }
  static void TearDownTestSuite() {
    delete plant_;
    delete readings_;
    delete cleaned_;
    delete labelled_;
  }

  DropWatchOptions Options() {
    DropWatchOptions options;
    options.drop.features_uri = Features().string();
    options.once = true;
    options.now_us = [] { return int64_t{1'421'740'800'000'000}; };
    options.tell = [this](const Status&, const std::string& line) { told_.push_back(line); };
    return options;
  }

  Status Watch(DropWatchOptions options) {
    DropWatch watch(*plant_, drop_, std::move(options), events_);
    return watch.Run();
  }
  // Enough waits for all that is there to come to rest.
  Status WatchOnce() {
    events_.script.assign(8, nullptr);
    return Watch(Options());
  }

  fs::path Features() const { return scratch_.path() / "features"; }
  std::vector<std::string> Runs() const {
    std::vector<std::string> runs;
    std::error_code none;
    for (const auto& entry : fs::directory_iterator(Features() / "runs", none)) {
      runs.push_back(entry.path().filename().string());
    }
    return runs;
  }
  Json Report(const std::string& path) const {
    const auto text = ReadFile(drop_ / (path + ".report.json"));
    EXPECT_TRUE(text.ok()) << text.message();
    return text.ok() ? Json::parse(*text) : Json();
  }
  void DropTable(const std::string& name, const Frame& table) {
    fs::create_directories(drop_);
    const fs::path aside = scratch_.path() / ("aside" + fs::path(name).extension().string());
    ASSERT_TRUE(WriteTable(aside, table).ok());
    fs::rename(aside, drop_ / name);
  }
  void DropBytes(const std::string& name, const std::string& bytes) {
    fs::create_directories(drop_);
    std::ofstream(drop_ / name, std::ios::binary) << bytes;
  }

  static Plant* plant_;
  static RawData* readings_;
  static Frame* cleaned_;
  static Frame* labelled_;
  ScratchFolder scratch_;
  fs::path drop_ = scratch_.path() / "drop";
  ScriptedEvents events_;
  std::vector<std::string> told_;
};
Plant* DropWatchTest::plant_ = nullptr;
RawData* DropWatchTest::readings_ = nullptr;
Frame* DropWatchTest::cleaned_ = nullptr;
Frame* DropWatchTest::labelled_ = nullptr;

TEST_F(DropWatchTest, ALabelledTableBecomesARunWithItsReportBeside) {
  DropTable("export 2014.CSV", *labelled_);
  ASSERT_TRUE(WatchOnce().ok());
  EXPECT_THAT(NamesIn(drop_), IsEmpty());
  EXPECT_THAT(
      NamesIn(drop_ / "processed"),
      UnorderedElementsAre("export 2014.CSV", "export 2014.CSV.report.json", "export 2014.CSV.report.txt"));
  const Json report = Report("processed/export 2014.CSV");
  EXPECT_EQ(report["outcome"], "processed");
  EXPECT_EQ(report["kind"], "labelled table");
  EXPECT_EQ(report["validation"]["success"], true);
  const std::string digest = *Sha256HexOfFile(drop_ / "processed" / "export 2014.CSV");
  EXPECT_EQ(report["sha256"], digest);
  EXPECT_THAT(Runs(), ElementsAre("export_2014-" + digest.substr(0, 12)));
  const auto set = LoadDataset(Features().string());
  ASSERT_TRUE(set.ok()) << set.message();
  EXPECT_EQ(set->digest, TableDigest(*labelled_));
  ASSERT_EQ(told_.size(), 1u);
  EXPECT_THAT(told_[0], AllOf(HasSubstr("'export 2014.CSV'"), HasSubstr("is stored")));
  EXPECT_THAT(*ReadFile(drop_ / "processed" / "export 2014.CSV.report.txt"), HasSubstr("holds"));
}

TEST_F(DropWatchTest, EveryKindOfTableFindsItsWay) {
  DropTable("cleaned.parquet", *cleaned_);
  DropTable("labelled.PQ", *labelled_);
  ASSERT_TRUE(WatchOnce().ok());
  EXPECT_EQ(Report("processed/cleaned.parquet")["kind"], "cleaned table");
  EXPECT_EQ(Report("processed/cleaned.parquet")["label"]["rows"], 672);
  EXPECT_EQ(Report("processed/labelled.PQ")["kind"], "labelled table");
  const std::string digest = TableDigest(*labelled_);
  EXPECT_EQ(Report("processed/cleaned.parquet")["features"]["digest"], digest)
      << "labelling on the way gives the same table";
  EXPECT_EQ(Report("processed/labelled.PQ")["features"]["digest"], digest);
}

// A wide export as an old historian writes it: semicolons and decimal commas, no labels.
TEST_F(DropWatchTest, AnExportWithoutLabelsIsIngestedAndLabelledFirst) {
  std::string csv = "timestamp";
  const std::vector<std::string> series = plant_->SeriesNames();
  for (const std::string& name : series) csv += ";" + name;
  csv += "\n";
  for (size_t r = 0; r < cleaned_->rows(); ++r) {
    csv += FormatPlantTime(cleaned_->times()[r]);
    for (const std::string& name : series) {
      std::string cell = std::to_string((*cleaned_)[name][r]);
      std::replace(cell.begin(), cell.end(), '.', ',');
      csv += ";" + cell;
    }
    csv += "\n";
  }
  DropBytes("wide.csv", csv);
  ASSERT_TRUE(WatchOnce().ok());
  const Json report = Report("processed/wide.csv");
  EXPECT_EQ(report["kind"], "historian export");
  EXPECT_EQ(report["ingest"]["files"][0], "wide.csv") << "as it was dropped, not where it was read";
  EXPECT_EQ(report["label"]["rows"], 672);
  EXPECT_THAT(report.dump(), ::testing::Not(HasSubstr(scratch_.path().string() + "/drop")));
}

// The first sheet of a workbook is a table like any other.
std::string SheetOf(const Frame& table) {
  std::string rows = R"(<row r="1"><c r="A1" t="inlineStr"><is><t>timestamp</t></is></c>)";
  for (const std::string& name : table.names()) {
    rows += R"(<c t="inlineStr"><is><t>)" + name + "</t></is></c>";
  }
  rows += "</row>";
  for (size_t r = 0; r < table.rows(); ++r) {
    rows += "<row><c t=\"inlineStr\"><is><t>" + FormatPlantTime(table.times()[r]) + "</t></is></c>";
    for (size_t c = 0; c < table.columns(); ++c) {
      const double v = table.at(c)[r];
      rows += IsValid(v) ? "<c><v>" + nlohmann::json(v).dump() + "</v></c>" : "<c/>";
    }
    rows += "</row>";
  }
  return xlsx_fixture::Zip(xlsx_fixture::Workbook(rows));
}

TEST_F(DropWatchTest, ATableInAWorkbookIsATable) {
  DropBytes("table.XLSX", SheetOf(*labelled_));
  ASSERT_TRUE(WatchOnce().ok());
  const Json report = Report("processed/table.XLSX");
  EXPECT_EQ(report["kind"], "labelled table");
  EXPECT_EQ(report["features"]["digest"], TableDigest(*labelled_));
}

TEST_F(DropWatchTest, AWideExportInAWorkbookIsIngested) {
  Frame wide(cleaned_->times());
  for (const std::string& name : plant_->SeriesNames()) wide.Set(name, (*cleaned_)[name]);
  DropBytes("wide.xlsx", SheetOf(wide));
  ASSERT_TRUE(WatchOnce().ok());
  const Json report = Report("processed/wide.xlsx");
  EXPECT_EQ(report["kind"], "historian export");
  EXPECT_EQ(report["ingest"]["files"][0], "wide.xlsx");
}

TEST_F(DropWatchTest, ABadFileIsRejectedWithItsReport) {
  DropBytes("cut.xlsx", SheetOf(*labelled_).substr(0, 5000));
  DropBytes("notes.csv", "this is\nno table\n");
  Frame broken = *labelled_;
  std::vector<double> labels(broken.rows(), 7);
  broken.Set("anomaly_label", labels);
  DropTable("gate.csv", broken);
  ASSERT_TRUE(WatchOnce().ok());
  EXPECT_THAT(NamesIn(drop_), IsEmpty());
  EXPECT_THAT(NamesIn(drop_ / "processed"), IsEmpty());
  EXPECT_TRUE(fs::exists(drop_ / "rejected" / "cut.xlsx"));
  EXPECT_EQ(Report("rejected/cut.xlsx")["outcome"], "rejected");
  EXPECT_THAT(Report("rejected/cut.xlsx")["reason"].get<std::string>(), HasSubstr("cut.xlsx"));
  EXPECT_EQ(Report("rejected/gate.csv")["validation"]["success"], false);
  EXPECT_THAT(*ReadFile(drop_ / "rejected" / "gate.csv.report.txt"), HasSubstr("FAILS"));
  EXPECT_TRUE(fs::exists(drop_ / "rejected" / "notes.csv"));
  EXPECT_THAT(Runs(), IsEmpty());
}

TEST_F(DropWatchTest, AFileIsReadWhenItHasBeenAtRest) {
  const std::string csv = *ReadFile([&] {
    EXPECT_TRUE(WriteTable(scratch_.path() / "whole.csv", *labelled_).ok());
    return scratch_.path() / "whole.csv";
  }());
  DropBytes("a.csv", csv.substr(0, 1000));
  const auto append = [&](size_t from, size_t n) {
    std::ofstream(drop_ / "a.csv", std::ios::binary | std::ios::app) << csv.substr(from, n);
  };
  DropWatchOptions options = Options();
  options.once = false;
  events_.script = {[&] { append(1000, 1000); }, [&] { append(2000, csv.size()); }, nullptr, nullptr};
  ASSERT_TRUE(Watch(options).ok());
  EXPECT_EQ(Report("processed/a.csv")["features"]["digest"], TableDigest(*labelled_));
  EXPECT_THAT(NamesIn(drop_ / "rejected"), IsEmpty());
  EXPECT_DOUBLE_EQ(events_.waits[0], 2) << "looked at again when it may be at rest";
}

TEST_F(DropWatchTest, TransfersUnderWayAndWhatIsNoFileAreLeftAlone) {
  for (const char* name : {"a.csv.part", ".a.csv", "~$a.xlsx", "a.TMP"}) DropBytes(name, "");
  fs::create_directories(drop_ / "folder.csv");
  fs::create_symlink("/dev/zero", drop_ / "link.csv");
  ASSERT_TRUE(WatchOnce().ok());
  EXPECT_THAT(told_, IsEmpty());
  EXPECT_THAT(events_.waits, IsEmpty());
  EXPECT_EQ(NamesIn(drop_).size(), 4u);
}

TEST_F(DropWatchTest, AnEmptyFileIsGivenTimeToBecomeOne) {
  DropBytes("late.csv", "");
  DropBytes("empty.csv", "");
  const fs::path whole = scratch_.path() / "whole.csv";
  ASSERT_TRUE(WriteTable(whole, *labelled_).ok());
  events_.script = {[&] { fs::copy_file(whole, drop_ / "late.csv", fs::copy_options::overwrite_existing); },
                    nullptr, nullptr};
  ASSERT_TRUE(Watch(Options()).ok());
  EXPECT_DOUBLE_EQ(events_.waits[0], 60);
  EXPECT_EQ(Report("processed/late.csv")["outcome"], "processed");
  EXPECT_THAT(Report("rejected/empty.csv")["reason"].get<std::string>(), HasSubstr("empty"));
}

TEST_F(DropWatchTest, WorkbooksWaitForTheirSetAndSayForWhom) {
  ASSERT_TRUE(WriteSimulatedWorkbooks(*plant_, *readings_, scratch_.path() / "all").ok());
  fs::create_directories(drop_);
  std::vector<std::string> names = NamesIn(scratch_.path() / "all");
  std::sort(names.begin(), names.end());
  ASSERT_GT(names.size(), 3u);
  const auto drop = [&](const std::string& name) {
    fs::copy_file(scratch_.path() / "all" / name, drop_ / name);
  };
  for (size_t i = 1; i < names.size(); ++i) drop(names[i]);
  DropWatchOptions options = Options();
  options.once = false;
  events_.script.assign(3, nullptr);
  ASSERT_TRUE(Watch(options).ok());
  ASSERT_EQ(told_.size(), 1u) << "said once, not at every look";
  EXPECT_THAT(told_[0], ::testing::EndsWith("wait for those of: " +
                                            WorkbookTagOf(*plant_, scratch_.path() / "all" / names[0])));
  EXPECT_EQ(NamesIn(drop_).size(), names.size() - 1) << "where they were dropped";
  // A restart knows them still; the last one completes the set.
  drop(names[0]);
  told_.clear();
  ASSERT_TRUE(WatchOnce().ok());
  EXPECT_THAT(NamesIn(drop_), IsEmpty());
  ASSERT_EQ(Runs().size(), 1u);
  const std::string id = Runs()[0];
  EXPECT_EQ(NamesIn(drop_ / "processed" / id).size(), names.size());
  const Json report = Report("processed/" + id);
  EXPECT_EQ(report["kind"], "set of one-tag workbooks");
  EXPECT_EQ(report["files"].size(), names.size());
  EXPECT_EQ(report["features"]["digest"], TableDigest(*labelled_)) << "the same plant, the same table";
}

TEST_F(DropWatchTest, ABrokenWorkbookOfASetIsRejectedAtOnceAndTheOthersWait) {
  ASSERT_TRUE(WriteSimulatedWorkbooks(*plant_, *readings_, drop_).ok());
  std::vector<std::string> names = NamesIn(drop_);
  const std::string bytes = *ReadFile(drop_ / names[0]);
  DropBytes(names[0], bytes.substr(0, bytes.size() / 2));
  ASSERT_TRUE(WatchOnce().ok());
  EXPECT_THAT(NamesIn(drop_ / "rejected"),
              UnorderedElementsAre(names[0], names[0] + ".report.json", names[0] + ".report.txt"));
  EXPECT_EQ(NamesIn(drop_).size(), names.size() - 1);
  EXPECT_THAT(Runs(), IsEmpty());
}

TEST_F(DropWatchTest, TheSameContentIsOneRunHoweverOftenItIsDropped) {
  DropTable("a.csv", *labelled_);
  ASSERT_TRUE(WatchOnce().ok());
  DropTable("a.csv", *labelled_);
  ASSERT_TRUE(WatchOnce().ok());
  EXPECT_EQ(Runs().size(), 1u);
  EXPECT_EQ(Report("processed/a.csv")["features"]["stored"], "before");
  EXPECT_THAT(told_.back(), HasSubstr("was stored already"));
  // Another content under the same name leaves the first where it is.
  const Frame shorter = labelled_->Slice(0, labelled_->rows() - 10);
  DropTable("a.csv", shorter);
  ASSERT_TRUE(WatchOnce().ok());
  EXPECT_EQ(Runs().size(), 2u);
  size_t tables = 0;
  for (const std::string& name : NamesIn(drop_ / "processed")) tables += name.ends_with(".csv") ? 1 : 0;
  EXPECT_EQ(tables, 2u);
}

TEST_F(DropWatchTest, AFileThatChangesWhileItIsReadIsReadAgain) {
  for (const std::string step : {"read", "stored"}) {
    DropTable("a.csv", *cleaned_);
    int calls = 0;
    DropWatchOptions options = Options();
    options.at = [&](const char* at) {
      // A writer that has the file open still.
      if (at == step && ++calls == 1) {
        const fs::path other = scratch_.path() / "other.csv";
        EXPECT_TRUE(WriteTable(other, *labelled_).ok());
        std::ofstream(drop_ / ".work" / "a.csv", std::ios::binary | std::ios::trunc) << *ReadFile(other);
      }
    };
    events_.script.assign(8, nullptr);
    ASSERT_TRUE(Watch(options).ok()) << step;
    EXPECT_EQ(Report("processed/a.csv")["kind"], "labelled table") << step;
    EXPECT_THAT(told_, ::testing::Contains(HasSubstr("it is read again"))) << step;
    fs::remove_all(drop_);
  }
}

TEST_F(DropWatchTest, WhatIsNoFilesFaultIsTriedAgainAndBlocksNobody) {
  DropTable("a.csv", *labelled_);
  DropBytes("b.csv", "bad\n");
  DropBytes("../features", "a file where a folder is needed");
  DropWatchOptions options = Options();
  options.once = false;
  events_.script = {nullptr, nullptr, nullptr, [&] { fs::remove(Features()); },
                    nullptr, nullptr, nullptr, nullptr};
  ASSERT_TRUE(Watch(options).ok());
  EXPECT_THAT(told_[0], AllOf(HasSubstr("a.csv: "), HasSubstr("the next try is in 30 s")));
  EXPECT_THAT(told_, ::testing::Contains(HasSubstr("'b.csv' is rejected")));
  EXPECT_EQ(Report("processed/a.csv")["outcome"], "processed");
}

TEST_F(DropWatchTest, OnceFailsWhereItMustBeTriedAgain) {
  DropTable("a.csv", *labelled_);
  DropBytes("../features", "a file where a folder is needed");
  EXPECT_EQ(WatchOnce().code(), Code::kIo);
  EXPECT_THAT(NamesIn(drop_), ElementsAre("a.csv"));
}

TEST_F(DropWatchTest, OneProcessAFolder) {
  DropTable("a.csv", *labelled_);
  DropFolder other(drop_, 2);
  ASSERT_TRUE(other.Prepare().ok());
  const Status status = WatchOnce();
  EXPECT_EQ(status.code(), Code::kBusy);
  EXPECT_THAT(status.message(), HasSubstr("looks after folder"));
}

// Killed at every step of handling a file and a set; the next start finishes the work, once.
TEST_F(DropWatchTest, AKillAtAnyStepLosesAndDoublesNothing) {
  ASSERT_TRUE(WriteSimulatedWorkbooks(*plant_, *readings_, scratch_.path() / "all").ok());
  const std::vector<std::string> names = NamesIn(scratch_.path() / "all");
  for (int kill_at = 1; kill_at <= 9; ++kill_at) {
    DropTable("a.csv", *labelled_);
    DropBytes("b.csv", "bad\n");
    for (const std::string& name : names) fs::copy_file(scratch_.path() / "all" / name, drop_ / name);
    const pid_t child = ::fork();
    if (child == 0) {
      int calls = 0;
      DropWatchOptions options = Options();
      options.at = [&](const char*) {
        if (++calls == kill_at) ::raise(SIGKILL);
      };
      events_.script.assign(8, nullptr);
      (void)Watch(options);
      ::_exit(0);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status)) << kill_at << ": fewer steps than expected";
    ASSERT_TRUE(WatchOnce().ok()) << kill_at;
    EXPECT_THAT(NamesIn(drop_), IsEmpty()) << kill_at;
    EXPECT_THAT(NamesIn(drop_ / ".work"), ElementsAre("lock")) << kill_at;
    EXPECT_EQ(Runs().size(), 2u) << kill_at;
    EXPECT_TRUE(fs::exists(drop_ / "processed" / "a.csv")) << kill_at;
    EXPECT_TRUE(fs::exists(drop_ / "rejected" / "b.csv")) << kill_at;
    fs::remove_all(drop_);
    fs::remove_all(Features());
  }
}

TEST(FolderEvents, InotifyTellsOfAClosedAndOfAMovedFile) {
  const ScratchFolder scratch;
  fs::create_directories(scratch.path() / "in");
  auto events = MakeFolderEvents(scratch.path() / "in", 0);
  ASSERT_TRUE(events.ok()) << events.message();
  // A told change returns at once; a minute's wait that is not cut short would fail the test by its time-out.
  std::ofstream(scratch.path() / "in" / "a") << "x";
  EXPECT_TRUE((*events)->Wait(50));
  std::ofstream(scratch.path() / "b") << "x";
  fs::rename(scratch.path() / "b", scratch.path() / "in" / "b");
  EXPECT_TRUE((*events)->Wait(50));
  (*events)->Interrupt();
  EXPECT_FALSE((*events)->Wait(50));
  EXPECT_FALSE((*events)->Wait(50)) << "for good";
}

TEST(FolderEvents, PollingReturnsAfterItsTime) {
  const ScratchFolder scratch;
  auto events = MakeFolderEvents(scratch.path(), 0.001);
  ASSERT_TRUE(events.ok());
  EXPECT_TRUE((*events)->Wait(3600));
  (*events)->Interrupt();
  EXPECT_FALSE((*events)->Wait(3600));
}

}  // namespace
}  // namespace forewarn
