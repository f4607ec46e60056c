// A stored feature set reads back bit for bit, survives a crash at every step of its writer, and is refused
// when altered.
#include "pipeline/dataset_store.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>

#include "core/file.h"
#include "core/random.h"
#include "io/parquet_table.h"
#include "pipeline/dataset_files.h"
#include "pipeline/object_runs.h"

namespace forewarn {
namespace dataset_store_testing {

namespace fs = std::filesystem;

FeatureDataset RandomDataset(uint64_t seed, bool labelled) {
  Plant plant;
  plant.name = "toy";
  for (const char* id : {"p", "q"}) plant.tags.emplace_back().id = id;
  plant.features.window = 4;
  plant.features.horizons = {kHour, 3 * kHour};
  plant.features.rolling = {3, {"p"}};
  plant.features.point = {"p", "q", "p_roll_mean"};
  Random random(seed);
  std::vector<PlantTime> times;
  for (int r = 0; r < 150; ++r) times.push_back(r * kHour);
  Frame table(times);
  for (const char* name : {"p", "q", "filled"}) {
    for (double& cell : table.Set(name, 0.0)) cell = random.Normal() / 3;
  }
  for (size_t r = 0; r < 150; ++r) table["filled"][r] = r == 20 || r == 70 ? 1 : 0;
  if (labelled) {
    for (double& cell : table.Set("anomaly_label", 0.0)) cell = random.Uniform() < 0.3 ? 1 : 0;
  }
  auto set = BuildDataset(plant, table, {}, nullptr);
  EXPECT_TRUE(set.ok()) << set.message();
  return std::move(set).value();
}

void ExpectSameWindows(const WindowMatrix& a, const WindowMatrix& b) {
  EXPECT_EQ(a.names, b.names);
  EXPECT_EQ(a.columns, b.columns);
  EXPECT_EQ(a.end_row, b.end_row);
  EXPECT_EQ(a.values, b.values);
}

void ExpectSame(const FeatureDataset& a, const FeatureDataset& b) {
  EXPECT_EQ(a.plant, b.plant);
  EXPECT_EQ(a.digest, b.digest);
  EXPECT_EQ(a.labelled, b.labelled);
  EXPECT_EQ(a.smote_applied, b.smote_applied);
  EXPECT_EQ(a.smote_note, b.smote_note);
  EXPECT_EQ(a.notes, b.notes);
  EXPECT_TRUE(a.train == b.train);
  EXPECT_TRUE(a.valid == b.valid);
  EXPECT_TRUE(a.train_smote == b.train_smote);
  ASSERT_EQ(a.horizons.size(), b.horizons.size());
  for (size_t h = 0; h < a.horizons.size(); ++h) {
    EXPECT_EQ(a.horizons[h].name, b.horizons[h].name);
    EXPECT_EQ(a.horizons[h].steps, b.horizons[h].steps);
    ExpectSameWindows(a.horizons[h].train, b.horizons[h].train);
    ExpectSameWindows(a.horizons[h].valid, b.horizons[h].valid);
    EXPECT_EQ(a.horizons[h].train_at, b.horizons[h].train_at);
    EXPECT_EQ(a.horizons[h].train_within, b.horizons[h].train_within);
    EXPECT_EQ(a.horizons[h].valid_at, b.horizons[h].valid_at);
    EXPECT_EQ(a.horizons[h].valid_within, b.horizons[h].valid_within);
  }
}

std::string Stored(const fs::path& root, const FeatureDataset& set, const std::string& run) {
  auto id = StoreDataset(root.string(), {}, set, run, {});
  EXPECT_TRUE(id.ok()) << id.message();
  return id.ok() ? *id : "";
}

// Stores in a child process that dies, as by a power cut, at its step-th report; true if it got that far.
bool CrashAtStep(const fs::path& root, const FeatureDataset& set, int step) {
  const pid_t child = ::fork();
  if (child == 0) {
    int seen = 0;
    auto id = StoreDataset(root.string(), {}, set, "second", [&](std::string_view, size_t, size_t) {
      if (seen++ == step) ::_exit(7);
    });
    ::_exit(id.ok() ? 0 : 1);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 7;
}

// The same through the object store, in a child that dies at its step-th write (-1: never); its exit code.
int StoreObjects(const std::string& uri, const FeatureDataset& set, const std::string& run, int step) {
  const pid_t child = ::fork();
  if (child == 0) {
    const auto store = OpenObjectStore(uri, {});
    const auto files = EncodeDataset(set, 1);
    int seen = 0;
    const auto id = StoreObjectRun(
        **store, *files, [&](const std::string& made) { return MakeManifest(set, *files, made); }, run,
        [&](std::string_view, size_t, size_t) {
          if (seen++ == step) ::_exit(7);
        });
    ::_exit(id.ok() ? 0 : 1);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

Result<FeatureDataset> LoadObjects(const std::string& uri) {
  FW_ASSIGN_OR_RETURN(const std::unique_ptr<ObjectStore> store, OpenObjectStore(uri, {}));
  FW_ASSIGN_OR_RETURN(const FoundRun run, FindObjectRun(*store));
  return DecodeDataset(run.manifest, [&](const std::string& file) { return store->Read(run.prefix + file); });
}

Table WindowTable(const WindowMatrix& windows, const std::vector<uint8_t>& at,
                  const std::vector<uint8_t>& within, size_t begin, size_t end) {
  Table table;
  const auto add = [&](const std::string& name, const auto& cell_of) {
    NumberColumn column;
    for (size_t r = begin; r < end; ++r) column.values.push_back(cell_of(r));
    table.columns.push_back({name, std::move(column)});
  };
  for (size_t c = 0; c < windows.columns; ++c) {
    add(windows.names[c], [&](size_t r) { return static_cast<double>(windows.row(r)[c]); });
  }
  add("anomaly_label", [&](size_t r) { return static_cast<double>(at[r]); });
  add("anomaly_within", [&](size_t r) { return static_cast<double>(within[r]); });
  add("end_row", [&](size_t r) { return static_cast<double>(windows.end_row[r]); });
  return table;
}

// The data set's files by path, each table in two parts and the synthetic rows by themselves, as scale-out
// writes them.
std::map<std::string, std::string> InParts(const FeatureDataset& set) {
  std::map<std::string, std::string> files;
  nlohmann::ordered_json manifest = nlohmann::ordered_json::parse(MakeManifest(set, {}, "a"));
  const auto add = [&](const std::string& table, const std::string& path, size_t rows, std::string bytes) {
    manifest["files"].push_back({{"path", path}, {"rows", rows}, {"sha256", Sha256Hex(bytes)}});
    manifest["parts"][table].push_back(path);
    files[path] = std::move(bytes);
  };
  const auto add_frame = [&](const std::string& table, const std::string& folder, const Frame& frame) {
    for (const auto& [begin, end] : {std::pair<size_t, size_t>(0, 10), {10, frame.rows()}}) {
      const std::string path = folder + "/part-" + std::to_string(begin) + ".parquet";
      add(table, path, end - begin, *FrameToParquet(frame.Slice(begin, end)));
    }
  };
  add_frame("train/part-0.parquet", "train", set.train);
  add_frame("valid/part-0.parquet", "valid", set.valid);
  manifest["parts"]["train_smote.parquet"] = manifest["parts"]["train/part-0.parquet"];
  const Frame synthetic = set.train_smote.Slice(set.train.rows(), set.train_smote.rows());
  add("train_smote.parquet", "synthetic/part-0.parquet", synthetic.rows(), *FrameToParquet(synthetic));
  for (const HorizonWindows& h : set.horizons) {
    for (const bool train : {true, false}) {
      const WindowMatrix& windows = train ? h.train : h.valid;
      const std::string table = std::string(train ? "windows_" : "windows_valid_") + h.name + ".parquet";
      for (const auto& [begin, end] : {std::pair<size_t, size_t>(0, 3), {3, windows.rows()}}) {
        const Table part = WindowTable(windows, train ? h.train_at : h.valid_at,
                                       train ? h.train_within : h.valid_within, begin, end);
        add(table, table + "/part-" + std::to_string(begin), end - begin, *TableToParquet(part));
      }
    }
  }
  files["manifest.json"] = manifest.dump();
  return files;
}

void Overwrite(const fs::path& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

}  // namespace dataset_store_testing

using dataset_store_testing::RandomDataset;
using dataset_store_testing::Stored;

TEST(DatasetStore, ReadsBackBitForBit) {
  for (const bool labelled : {true, false}) {
    const ScratchFolder scratch;
    const FeatureDataset set = RandomDataset(1, labelled);
    EXPECT_EQ(Stored(scratch.path() / "out", set, "first"), "first");
    for (const char* below : {"", "latest", "runs/first"}) {
      const auto read = LoadDataset((scratch.path() / "out" / below).string());
      ASSERT_TRUE(read.ok()) << read.message();
      dataset_store_testing::ExpectSame(set, *read);
    }
  }
}

TEST(DatasetStore, WritesTheContractsFiles) {
  const ScratchFolder scratch;
  Stored(scratch.path(), RandomDataset(2, true), "first");
  std::set<std::string> found;
  const auto latest = std::filesystem::canonical(scratch.path() / "latest");
  for (const auto& entry : std::filesystem::recursive_directory_iterator(latest)) {
    if (entry.is_regular_file()) found.insert(std::filesystem::relative(entry.path(), latest).string());
  }
  EXPECT_EQ(found, (std::set<std::string>{"manifest.json", "train/part-0.parquet", "valid/part-0.parquet",
                                          "train_smote.parquet", "windows_1h.parquet", "windows_3h.parquet",
                                          "windows_valid_1h.parquet", "windows_valid_3h.parquet"}));
}

TEST(DatasetStore, ANewRunTakesLatestAndKeepsTheOld) {
  const ScratchFolder scratch;
  const FeatureDataset first = RandomDataset(3, true);
  const FeatureDataset second = RandomDataset(4, true);
  EXPECT_EQ(Stored(scratch.path(), first, "now"), "now");
  EXPECT_EQ(Stored(scratch.path(), second, "now"), "now-2");
  dataset_store_testing::ExpectSame(second, *LoadDataset(scratch.path().string()));
  dataset_store_testing::ExpectSame(first, *LoadDataset((scratch.path() / "runs/now").string()));
}

TEST(DatasetStore, ReplacesALatestThatIsAFolder) {
  const ScratchFolder scratch;
  const FeatureDataset first = RandomDataset(3, true);
  Stored(scratch.path(), first, "a");
  std::filesystem::remove(scratch.path() / "latest");
  std::filesystem::copy(scratch.path() / "runs/a", scratch.path() / "latest",
                        std::filesystem::copy_options::recursive);
  const FeatureDataset second = RandomDataset(4, true);
  Stored(scratch.path(), second, "b");
  dataset_store_testing::ExpectSame(second, *LoadDataset(scratch.path().string()));
}

TEST(DatasetStore, ACrashAtAnyStepLeavesAWholeLatestAndTheNextWriterClearsUp) {
  const FeatureDataset first = RandomDataset(5, true);
  const FeatureDataset second = RandomDataset(6, true);
  int before_switch = 0;
  int after_switch = 0;
  for (int step = 0;; ++step) {
    const ScratchFolder scratch;
    Stored(scratch.path(), first, "first");
    if (!dataset_store_testing::CrashAtStep(scratch.path(), second, step)) break;
    const auto read = LoadDataset(scratch.path().string());
    ASSERT_TRUE(read.ok()) << "step " << step << ": " << read.message();
    const bool old = read->digest == first.digest;
    dataset_store_testing::ExpectSame(old ? first : second, *read);
    ++(old ? before_switch : after_switch);

    Stored(scratch.path(), second, "third");
    EXPECT_EQ(LoadDataset(scratch.path().string())->digest, second.digest);
    for (const auto& entry : std::filesystem::recursive_directory_iterator(scratch.path())) {
      EXPECT_FALSE(entry.path().filename().string().starts_with(".tmp-")) << entry.path();
    }
  }
  EXPECT_GE(before_switch, 10);  // encoding, each file, manifest, rename, link
  EXPECT_GE(after_switch, 1);
}

TEST(DatasetStore, ACrashOfTheFirstRunLeavesNoLatest) {
  const FeatureDataset set = RandomDataset(7, true);
  const ScratchFolder scratch;
  ASSERT_TRUE(dataset_store_testing::CrashAtStep(scratch.path(), set, 9));
  EXPECT_FALSE(std::filesystem::exists(scratch.path() / "latest"));
  EXPECT_FALSE(LoadDataset(scratch.path().string()).ok());
}

TEST(DatasetStore, ReadersBesideAWriterSeeWholeSets) {
  const ScratchFolder scratch;
  const FeatureDataset sets[] = {RandomDataset(8, false), RandomDataset(9, false)};
  Stored(scratch.path(), sets[0], "a");
  std::thread writer([&] {
    for (int i = 0; i < 30; ++i) Stored(scratch.path(), sets[i % 2], "w");
  });
  for (int i = 0; i < 60; ++i) {
    const auto read = LoadDataset(scratch.path().string());
    ASSERT_TRUE(read.ok()) << read.message();
    EXPECT_TRUE(read->train == sets[read->digest == sets[0].digest ? 0 : 1].train);
  }
  writer.join();
}

TEST(DatasetStore, NamesAFileThatIsMissingOrAltered) {
  const ScratchFolder scratch;
  Stored(scratch.path(), RandomDataset(10, true), "a");
  const std::string root = scratch.path().string();
  const auto path = scratch.path() / "runs/a/windows_valid_3h.parquet";
  std::string bytes = *ReadFile(path);
  std::string altered = bytes;
  altered[altered.size() / 2] = static_cast<char>(altered[altered.size() / 2] ^ 1);
  dataset_store_testing::Overwrite(path, altered);
  auto read = LoadDataset(root);
  ASSERT_FALSE(read.ok());
  EXPECT_NE(read.message().find("'windows_valid_3h.parquet' was altered"), std::string::npos)
      << read.message();
  std::filesystem::remove(path);
  read = LoadDataset(root);
  ASSERT_FALSE(read.ok());
  EXPECT_NE(read.message().find("windows_valid_3h.parquet"), std::string::npos) << read.message();
}

TEST(DatasetFiles, TablesInPartsReadBackAsTheWhole) {
  using nlohmann::ordered_json;
  const FeatureDataset set = RandomDataset(12, true);
  const std::map<std::string, std::string> files = dataset_store_testing::InParts(set);
  const auto read = [&](const std::string& path) -> Result<std::string> { return files.at(path); };
  const auto whole = DecodeDataset(files.at("manifest.json"), read);
  ASSERT_TRUE(whole.ok()) << whole.message();
  dataset_store_testing::ExpectSame(*whole, set);

  auto json = ordered_json::parse(files.at("manifest.json"));
  auto& parts = json["parts"]["windows_1h.parquet"];
  std::swap(parts[0], parts[1]);
  EXPECT_NE(DecodeDataset(json.dump(), read).message().find("out of order"), std::string::npos);
  parts[0] = "../../etc/passwd";
  EXPECT_NE(DecodeDataset(json.dump(), read).message().find("no path below"), std::string::npos);
}

TEST(DatasetStore, RefusesAManifestThatIsNotOne) {
  const ScratchFolder scratch;
  Stored(scratch.path(), RandomDataset(11, true), "a");
  const auto path = scratch.path() / "runs/a/manifest.json";
  const std::string good = *ReadFile(path);
  auto json = nlohmann::ordered_json::parse(good);
  json["format"] = 99;
  for (const std::string& bad : {std::string(), std::string("[]"), std::string("{}"), good.substr(0, 200),
                                 std::string(5000, '['), json.dump()}) {
    dataset_store_testing::Overwrite(path, bad);
    const auto read = LoadDataset(scratch.path().string());
    ASSERT_FALSE(read.ok()) << bad.substr(0, 80);
    EXPECT_NE(read.message().find("manifest.json"), std::string::npos) << read.message();
  }
}

TEST(DatasetStore, SaysWhatIsMissingWhereThereIsNoFeatureSet) {
  const ScratchFolder scratch;
  const auto read = LoadDataset(scratch.path().string());
  ASSERT_FALSE(read.ok());
  EXPECT_EQ(read.status().code(), Code::kNotFound);
  EXPECT_NE(read.message().find("forewarn etl"), std::string::npos);
  EXPECT_EQ(LoadDataset((scratch.path() / "nowhere").string()).status().code(), Code::kNotFound);
}

TEST(DatasetStore, FailsWhereTheRootIsAFile) {
  const ScratchFolder scratch;
  dataset_store_testing::Overwrite(scratch.path() / "file", "x");
  EXPECT_FALSE(StoreDataset((scratch.path() / "file").string(), {}, RandomDataset(12, false), "a", {}).ok());
}

// The object layout, over a folder's objects: S3 itself is met in tests/parity/test_s3.py.
TEST(ObjectRuns, ACrashAtAnyStepLeavesAWholeLatest) {
  const FeatureDataset sets[] = {RandomDataset(14, false), RandomDataset(15, false)};
  int old = 0;
  for (int step = 0;; ++step) {
    const ScratchFolder scratch;
    const std::string uri = scratch.path().string();
    ASSERT_EQ(dataset_store_testing::StoreObjects(uri, sets[0], "first", -1), 0);
    const int ended = dataset_store_testing::StoreObjects(uri, sets[1], "second", step);
    const auto read = dataset_store_testing::LoadObjects(uri);
    ASSERT_TRUE(read.ok()) << "step " << step << ": " << read.message();
    const bool is_old = read->digest == sets[0].digest;
    old += is_old ? 1 : 0;
    dataset_store_testing::ExpectSame(sets[is_old ? 0 : 1], *read);
    if (ended == 0) {
      EXPECT_FALSE(is_old);
      break;
    }
    ASSERT_EQ(ended, 7);
  }
  EXPECT_EQ(old, 6);  // two copies of three objects, the last manifest being the switch
}

TEST(ObjectRuns, ATakenIdGetsANumberAndStaleObjectsOfLatestGo) {
  const ScratchFolder scratch;
  const std::string uri = scratch.path().string();
  ASSERT_EQ(dataset_store_testing::StoreObjects(uri, RandomDataset(16, true), "now", -1), 0);
  ASSERT_EQ(dataset_store_testing::StoreObjects(uri, RandomDataset(17, false), "now", -1), 0);
  EXPECT_TRUE(std::filesystem::exists(scratch.path() / "runs/now-2/manifest.json"));
  EXPECT_TRUE(std::filesystem::exists(scratch.path() / "latest/train/part-0.parquet"));
  EXPECT_FALSE(std::filesystem::exists(scratch.path() / "latest/windows_1h.parquet"));
}

TEST(ObjectRuns, TellsWhichRunsHaveNoManifest) {
  const ScratchFolder scratch;
  const std::string uri = scratch.path().string();
  ASSERT_EQ(dataset_store_testing::StoreObjects(uri, RandomDataset(18, false), "whole", -1), 0);
  ASSERT_EQ(dataset_store_testing::StoreObjects(uri, RandomDataset(18, false), "cut", 2), 7);
  const auto store = OpenObjectStore(uri, {});
  const auto unfinished = UnfinishedObjectRuns(**store);
  ASSERT_TRUE(unfinished.ok()) << unfinished.message();
  EXPECT_EQ(*unfinished, std::vector<std::string>{"cut"});
}

TEST(ObjectRuns, SaysWhatIsMissingWhereThereIsNoFeatureSet) {
  const ScratchFolder scratch;
  const auto read = dataset_store_testing::LoadObjects(scratch.path().string());
  ASSERT_FALSE(read.ok());
  EXPECT_NE(read.message().find("forewarn etl"), std::string::npos);
}

TEST(DatasetFiles, TheSameDatasetGivesTheSameBytes) {
  const auto a = EncodeDataset(RandomDataset(13, true), 1);
  const auto b = EncodeDataset(RandomDataset(13, true), 4);
  ASSERT_TRUE(a.ok() && b.ok());
  ASSERT_EQ(a->size(), b->size());
  for (size_t i = 0; i < a->size(); ++i) EXPECT_EQ((*a)[i].bytes, (*b)[i].bytes) << (*a)[i].path;
}

}  // namespace forewarn
