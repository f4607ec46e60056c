#include "registry/local_registry.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>

#include "core/file.h"
#include "core/file_lock.h"
#include "core/random.h"
#include "model/random_models.h"
#include "registry/artifact.h"

namespace forewarn {
namespace {

namespace fs = std::filesystem;

FileSet SmallArtifact(uint64_t seed) {
  Random random(seed);
  Model model;
  LinearModel body;
  body.mean = {0, 1};
  body.scale = {1, 2};
  body.coef = {random.Normal(), random.Normal()};
  body.logistic = true;
  model.body = body;
  model.info.run = "lr_soft_alarm";
  model.info.features = {"x", "y"};
  model.info.medians = {0, 1};
  Result<FileSet> files = PackModel(model);
  EXPECT_TRUE(files.ok()) << files.message();
  return files.ok() ? *files : FileSet{};
}

std::unique_ptr<Registry> OpenOrDie(const fs::path& folder, LocalRegistryOptions options = {}) {
  Result<std::unique_ptr<Registry>> registry = LocalRegistry::Open(folder, std::move(options));
  EXPECT_TRUE(registry.ok()) << registry.message();
  return registry.ok() ? std::move(*registry) : nullptr;
}

int Add(Registry& registry, const std::string& name, uint64_t seed = 1) {
  RunRecord run;
  run.name = "lr_soft_alarm";
  run.metrics = {{"f1_anomaly", 0.25}};
  const Result<std::string> id = registry.LogRun(run);
  EXPECT_TRUE(id.ok()) << id.message();
  const Result<ModelVersion> version =
      registry.AddVersion({name, *id, {{kSkillTag, "no skill shown"}}, SmallArtifact(seed)});
  EXPECT_TRUE(version.ok()) << version.message();
  return version.ok() ? version->version : 0;
}

PromotionEvent Event(const std::string& name, int from, int to) {
  return {name, from, to, "manual", "asked for", 0};
}

// What a healthy registry looks like after anything: opens, verifies, no orphan left.
void ExpectHealthy(const fs::path& folder) {
  const auto registry = OpenOrDie(folder);
  const Result<VerifyReport> report = registry->Verify();
  ASSERT_TRUE(report.ok()) << report.message();
  for (const RegistryFault& fault : report->faults) ADD_FAILURE() << fault.model << ": " << fault.detail;
  const Result<std::vector<ModelVersion>> versions = registry->Versions("");
  ASSERT_TRUE(versions.ok());
  size_t folders = 0;
  for (const auto& model : fs::directory_iterator(folder / "models")) {
    for (const auto& each : fs::directory_iterator(model)) {
      EXPECT_NE(each.path().filename().string().substr(0, 5), ".tmp-") << each.path();
      ++folders;
    }
  }
  EXPECT_EQ(folders, versions->size());
}

TEST(LocalRegistry, KeepsVersionsRunsAliasesAndTagsOverReopening) {
  const ScratchFolder scratch;
  std::string run_id;
  {
    const auto registry = OpenOrDie(scratch.path());
    RunRecord run;
    run.name = "xgboost_calibrated";
    run.started_us = 5;
    run.ended_us = 7;
    run.params = {{"max_depth", "3"}};
    run.metrics = {{"f1_anomaly", 0.5}, {"undefined", kNull}};
    run.tags = {{"skill", "skill"}};
    run.dataset = {"plant_alarm_features", "abc", "file:x", "training"};
    run.files = {{"reports/xgboost_calibrated_metrics.json", std::string("{}\0x", 4)}};
    const Result<std::string> id = registry->LogRun(run);
    ASSERT_TRUE(id.ok()) << id.message();
    run_id = *id;
    ASSERT_TRUE(registry->AddVersion({"m_b", run_id, {{"skill", "skill"}}, SmallArtifact(1)}).ok());
    EXPECT_EQ(Add(*registry, "m_b"), 2);
    EXPECT_EQ(Add(*registry, "m_a"), 1);
    ASSERT_TRUE(registry->SetAlias("m_b", "candidate", 2).ok());
    ASSERT_TRUE(registry->SetTag("m_b", 2, "note", "second").ok());
  }
  const auto registry = OpenOrDie(scratch.path());
  const Result<RunRecord> run = registry->GetRun(run_id);
  ASSERT_TRUE(run.ok()) << run.message();
  EXPECT_EQ(run->params.at("max_depth"), "3");
  EXPECT_EQ(run->metrics.at("f1_anomaly"), 0.5);
  EXPECT_TRUE(std::isnan(run->metrics.at("undefined")));
  EXPECT_EQ(run->dataset->digest, "abc");
  EXPECT_EQ(run->files.at("reports/xgboost_calibrated_metrics.json"), std::string("{}\0x", 4));
  const Result<std::vector<ModelVersion>> versions = registry->Versions("");
  ASSERT_TRUE(versions.ok());
  ASSERT_EQ(versions->size(), 3u);
  EXPECT_EQ((*versions)[0].name, "m_a");
  EXPECT_EQ((*versions)[1].version, 1);
  EXPECT_EQ((*versions)[1].run_name, "xgboost_calibrated");
  EXPECT_EQ((*versions)[1].Skill(), "skill");
  EXPECT_EQ((*versions)[2].tags.at("note"), "second");
  EXPECT_TRUE((*versions)[2].Has("candidate"));
  EXPECT_EQ((*versions)[1].metrics.at("f1_anomaly"), 0.5);
  ExpectHealthy(scratch.path());
}

TEST(LocalRegistry, FindTakesTheChampionElseTheNewest) {
  const ScratchFolder scratch;
  const auto registry = OpenOrDie(scratch.path());
  Add(*registry, "m");
  Add(*registry, "m");
  Add(*registry, "m");
  EXPECT_EQ(registry->Find("m")->version, 3);
  ASSERT_TRUE(registry->Promote(Event("m", 0, 2)).ok());
  EXPECT_EQ(registry->Find("m")->version, 2);
  EXPECT_EQ(registry->Find("m@champion")->version, 2);
  EXPECT_EQ(registry->Find("m:1")->version, 1);
}

TEST(LocalRegistry, UnknownNamesListTheKnownOnes) {
  const ScratchFolder scratch;
  const auto registry = OpenOrDie(scratch.path());
  Add(*registry, "plant_champion");
  EXPECT_EQ(registry->Find("plant_champoin").status().code(), Code::kNotFound);
  EXPECT_NE(registry->Find("plant_champoin").message().find("did you mean 'plant_champion'"),
            std::string::npos);
  EXPECT_NE(registry->Find("plant_champion:9").message().find("it has versions 1"), std::string::npos);
  EXPECT_NE(registry->Find("plant_champion@best").message().find("no alias 'best'"), std::string::npos);
  EXPECT_EQ(registry->Find("../x").status().code(), Code::kInvalid);
  EXPECT_EQ(registry->Find("plant_champion:x").status().code(), Code::kInvalid);
  EXPECT_EQ(registry->SetAlias("plant_champion", "latest", 1).code(), Code::kInvalid);
  EXPECT_EQ(registry->SetAlias("plant_champion", "v12", 1).code(), Code::kInvalid);
  EXPECT_EQ(registry->SetAlias("plant_champion", "good", 7).code(), Code::kNotFound);
  EXPECT_EQ(registry->Promote(Event("nobody", 0, 1)).code(), Code::kNotFound);
  EXPECT_FALSE(registry->AddVersion({"a/b", "", {}, SmallArtifact(1)}).ok());
  EXPECT_FALSE(registry->AddVersion({"..", "", {}, SmallArtifact(1)}).ok());
}

TEST(LocalRegistry, PromotionIsRefusedWhenTheChampionChangedMeanwhile) {
  const ScratchFolder scratch;
  const auto registry = OpenOrDie(scratch.path());
  Add(*registry, "m");
  Add(*registry, "m");
  ASSERT_TRUE(registry->Promote(Event("m", 0, 1)).ok());
  EXPECT_EQ(registry->Promote(Event("m", 0, 2)).code(), Code::kBusy);
  ASSERT_TRUE(registry->Promote(Event("m", 1, 2)).ok());
  const auto events = registry->Promotions("m");
  ASSERT_EQ(events->size(), 2u);
  EXPECT_EQ(events->back().from, 1);
  EXPECT_EQ(events->back().reason, "asked for");
}

TEST(LocalRegistry, RevisionMovesWithEveryWriteOfAnyProcess) {
  const ScratchFolder scratch;
  const auto a = OpenOrDie(scratch.path());
  const auto b = OpenOrDie(scratch.path());
  const uint64_t before = *a->Revision();
  Add(*b, "m");
  const uint64_t added = *a->Revision();
  EXPECT_GT(added, before);
  ASSERT_TRUE(b->SetAlias("m", "x", 1).ok());
  EXPECT_GT(*a->Revision(), added);
  EXPECT_EQ(*a->Revision(), *b->Revision());
}

TEST(LocalRegistry, VerifyNamesTheAlteredAndTheMissingFile) {
  const ScratchFolder scratch;
  const auto registry = OpenOrDie(scratch.path());
  for (int i = 0; i < 4; ++i) Add(*registry, "m");
  const fs::path models = scratch.path() / "models" / "m";
  std::ofstream(models / "1" / "model.onnx", std::ios::app) << "x";
  fs::remove(models / "2" / "MLmodel");
  fs::remove_all(models / "3");
  const Result<VerifyReport> report = registry->Verify();
  ASSERT_TRUE(report.ok());
  EXPECT_EQ(report->versions, 4u);
  ASSERT_EQ(report->faults.size(), 3u);
  EXPECT_EQ(report->faults[0].model, "m:1");
  EXPECT_NE(report->faults[0].detail.find("model.onnx was altered"), std::string::npos);
  EXPECT_NE(report->faults[1].detail.find("MLmodel is missing"), std::string::npos);
  EXPECT_NE(report->faults[2].detail.find("no folder"), std::string::npos);
  EXPECT_FALSE(LoadVersion(*registry, *registry->Find("m:1")).ok());
  EXPECT_TRUE(LoadVersion(*registry, *registry->Find("m:4")).ok());
}

TEST(LocalRegistry, AVersionOfAnotherModelPutInItsPlaceIsNoticed) {
  const ScratchFolder scratch;
  const auto registry = OpenOrDie(scratch.path());
  Add(*registry, "m", 1);
  Add(*registry, "m", 2);
  const fs::path models = scratch.path() / "models" / "m";
  fs::remove_all(models / "1");
  fs::copy(models / "2", models / "1", fs::copy_options::recursive);
  ASSERT_EQ(registry->Verify()->faults.size(), 1u);
  EXPECT_NE(registry->Verify()->faults[0].detail.find("not the one that was registered"), std::string::npos);
}

TEST(LocalRegistry, SweepsOrphansButNotWhatALivingProcessStages) {
  const ScratchFolder scratch;
  {
    const auto registry = OpenOrDie(scratch.path());
    Add(*registry, "m");
  }
  const fs::path models = scratch.path() / "models" / "m";
  fs::create_directories(models / ".tmp-1-0");
  fs::create_directories(models / "2");
  {
    const auto staging = FileLock::Take(scratch.path() / "staging.lock", FileLock::Mode::kShared);
    ASSERT_TRUE(staging.ok());
    OpenOrDie(scratch.path());
    EXPECT_TRUE(fs::exists(models / ".tmp-1-0")) << "somebody was staging";
  }
  OpenOrDie(scratch.path());
  EXPECT_FALSE(fs::exists(models / ".tmp-1-0"));
  EXPECT_FALSE(fs::exists(models / "2"));
  EXPECT_TRUE(fs::exists(models / "1"));
}

TEST(LocalRegistry, ALostDatabaseDoesNotSweepItsModelsAway) {
  const ScratchFolder scratch;
  {
    const auto registry = OpenOrDie(scratch.path());
    Add(*registry, "m");
  }
  for (const char* file : {"registry.db", "registry.db-wal", "registry.db-shm"}) {
    fs::remove(scratch.path() / file);
  }
  for (int i = 0; i < 2; ++i) {  // the first open may leave an empty database behind
    const auto reopened = LocalRegistry::Open(scratch.path());
    ASSERT_FALSE(reopened.ok());
    EXPECT_NE(reopened.message().find("holds 1 model versions"), std::string::npos) << reopened.message();
    EXPECT_TRUE(fs::exists(scratch.path() / "models" / "m" / "1"));
  }
}

TEST(LocalRegistry, RefusesANewerSchemaAndForeignFiles) {
  const ScratchFolder scratch;
  OpenOrDie(scratch.path() / "a");
  {
    Result<Database> db = Database::Open(scratch.path() / "a" / "registry.db", 1000);
    ASSERT_TRUE(db->Execute("PRAGMA user_version=99").ok());
  }
  const auto newer = LocalRegistry::Open(scratch.path() / "a");
  ASSERT_FALSE(newer.ok());
  EXPECT_NE(newer.message().find("newer forewarn"), std::string::npos) << newer.message();

  fs::create_directories(scratch.path() / "b");
  ASSERT_TRUE(WriteFileAtomic(scratch.path() / "b" / "registry.db", std::string(5000, 'x')).ok());
  const auto garbage = LocalRegistry::Open(scratch.path() / "b");
  ASSERT_FALSE(garbage.ok());
  EXPECT_NE(garbage.message().find("not a registry database"), std::string::npos) << garbage.message();

  fs::create_directories(scratch.path() / "c");
  {
    Result<Database> db = Database::Open(scratch.path() / "c" / "registry.db", 1000);
    ASSERT_TRUE(db->Execute("CREATE TABLE other (x)").ok());
  }
  EXPECT_FALSE(LocalRegistry::Open(scratch.path() / "c").ok());

  ASSERT_TRUE(WriteFileAtomic(scratch.path() / "file", "x").ok());
  EXPECT_FALSE(LocalRegistry::Open(scratch.path() / "file").ok());
}

TEST(LocalRegistry, AHeldDatabaseNamesItsHolder) {
  const ScratchFolder scratch;
  OpenOrDie(scratch.path());
  int ready[2];
  int done[2];
  ASSERT_EQ(::pipe(ready), 0);
  ASSERT_EQ(::pipe(done), 0);
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    Result<Database> db = Database::Open(scratch.path() / "registry.db", 1000);
    Result<Transaction> transaction = Transaction::Begin(*db);
    char c = transaction.ok() ? 'y' : 'n';
    (void)!::write(ready[1], &c, 1);
    (void)!::read(done[0], &c, 1);
    ::_exit(0);
  }
  char c = 0;
  ASSERT_EQ(::read(ready[0], &c, 1), 1);
  ASSERT_EQ(c, 'y');
  LocalRegistryOptions options;
  options.wait_ms = 1;
  const auto registry = OpenOrDie(scratch.path(), options);
  const Result<std::string> id = registry->LogRun({});
  EXPECT_EQ(id.status().code(), Code::kBusy);
  EXPECT_NE(id.message().find("process " + std::to_string(child)), std::string::npos) << id.message();
  (void)!::write(done[1], &c, 1);
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_TRUE(registry->LogRun({}).ok());
  for (const int fd : {ready[0], ready[1], done[0], done[1]}) ::close(fd);
}

TEST(LocalRegistry, ThreadsAndProcessesTogetherNumberEveryVersionOnce) {
  const ScratchFolder scratch;
  constexpr int kProcesses = 3;
  constexpr int kEach = 5;
  std::vector<pid_t> children;
  for (int p = 0; p < kProcesses; ++p) {
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      const auto registry = OpenOrDie(scratch.path());
      bool good = registry != nullptr;
      for (int i = 0; good && i < kEach; ++i) good = Add(*registry, "m", p * 100 + i) > 0;
      ::_exit(good ? 0 : 1);
    }
    children.push_back(child);
  }
  const auto registry = OpenOrDie(scratch.path());
  std::atomic<int> failures{0};
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 2; ++t) {
      threads.emplace_back([&, t] {
        for (int i = 0; i < kEach; ++i) failures += Add(*registry, "m", 1000 + t * 100 + i) == 0;
      });
    }
  }
  EXPECT_EQ(failures, 0);
  for (const pid_t child : children) {
    int status = 1;
    ::waitpid(child, &status, 0);
    EXPECT_EQ(status, 0);
  }
  const auto versions = registry->Versions("m");
  ASSERT_EQ(versions->size(), static_cast<size_t>((kProcesses + 2) * kEach));
  for (size_t i = 0; i < versions->size(); ++i) EXPECT_EQ((*versions)[i].version, static_cast<int>(i) + 1);
  ExpectHealthy(scratch.path());
}

// A child that dies by SIGKILL at a chosen step of its third version.
void KillAtStep(const fs::path& folder, const std::string& step) {
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    int versions = 0;
    LocalRegistryOptions options;
    options.at = [&](const char* at) {
      if (std::string(at) == "stage") ++versions;
      if (versions == 3 && step == at) ::kill(::getpid(), SIGKILL);
    };
    const auto registry = OpenOrDie(folder, options);
    for (int i = 0; i < 5; ++i) Add(*registry, "m", i);
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  ASSERT_TRUE(WIFSIGNALED(status)) << "the child was to die at " << step;
}

TEST(LocalRegistry, KilledAtAnyStepLeavesAVersionWholeOrAbsent) {
  for (const char* step : {"stage", "staged", "renamed", "committed"}) {
    const ScratchFolder scratch;
    KillAtStep(scratch.path(), step);
    ExpectHealthy(scratch.path());
    const auto registry = OpenOrDie(scratch.path());
    const size_t expected = std::string(step) == "committed" ? 3 : 2;
    EXPECT_EQ(registry->Versions("m")->size(), expected) << step;
    EXPECT_EQ(Add(*registry, "m"), static_cast<int>(expected) + 1) << step;
    ExpectHealthy(scratch.path());
  }
}

// The child says each version it was told is stored; whatever moment it is killed at, those must be there.
TEST(LocalRegistry, KilledAtRandomMomentsLosesNoAcknowledgedVersion) {
  const ScratchFolder scratch;
  Random random(7);
  size_t acknowledged = 0;
  for (int round = 0; round < 12; ++round) {
    int told[2];
    ASSERT_EQ(::pipe(told), 0);
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      const auto registry = OpenOrDie(scratch.path());
      for (int i = 0;; ++i) {
        if (Add(*registry, "m", i) == 0) ::_exit(1);
        (void)!::write(told[1], "v", 1);
      }
    }
    ::close(told[1]);
    // The moment is chosen by progress, not by a timer: after some versions, plus a random spin.
    char c = 0;
    const uint64_t wanted = 1 + random.Below(3);
    for (uint64_t i = 0; i < wanted && ::read(told[0], &c, 1) == 1; ++i) ++acknowledged;
    const uint64_t spins = random.Below(3'000'000);
    std::atomic<uint64_t> spun{0};
    while (spun.fetch_add(1, std::memory_order_relaxed) < spins) {
    }
    ::kill(child, SIGKILL);
    int status = 0;
    ::waitpid(child, &status, 0);
    ASSERT_TRUE(WIFSIGNALED(status));
    while (::read(told[0], &c, 1) == 1) ++acknowledged;
    ::close(told[0]);
    ExpectHealthy(scratch.path());
    const size_t stored = OpenOrDie(scratch.path())->Versions("m")->size();
    EXPECT_GE(stored, acknowledged);
    EXPECT_LE(stored, acknowledged + round + 1) << "at most the one in flight more";
  }
}

TEST(OpenRegistry, SaysWhatItDoesNotKnow) {
  EXPECT_EQ(OpenRegistry("http://").status().code(), Code::kInvalid);
  EXPECT_NE(OpenRegistry("http://user:secret@h:1").message().find("no user and password"), std::string::npos);
  EXPECT_EQ(OpenRegistry("ftp://x").status().code(), Code::kInvalid);
  EXPECT_EQ(OpenRegistry("local:").status().code(), Code::kInvalid);
}

}  // namespace
}  // namespace forewarn
