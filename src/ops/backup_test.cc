#include "ops/backup.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

#include "core/file.h"
#include "ops/archive.h"
#include "ops/data_folder.h"
#include "ops/folder_swap.h"
#include "ops/service_lock.h"
#include "registry/artifact.h"
#include "registry/local_registry.h"
#include "registry/sqlite.h"

namespace forewarn {
namespace backup_test {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr int64_t kNow = 1'421'740'800'000'000;  // 2015-01-20 08:00 UTC

void Write(const fs::path& file, const std::string& text, mode_t mode = 0644) {
  fs::create_directories(file.parent_path());
  ASSERT_TRUE(WriteFileAtomic(file, text).ok());
  ASSERT_EQ(::chmod(file.c_str(), mode), 0);
}

mode_t ModeOf(const fs::path& file) {
  struct stat info{};
  return ::stat(file.c_str(), &info) == 0 ? info.st_mode & 0777 : 0;
}

class BackupTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(DataFolder::Open(data_).ok());
    auto registry = LocalRegistry::Open(data_ / "registry");
    ASSERT_TRUE(registry.ok()) << registry.message();
    registry_ = std::move(*registry);
    AddVersion();
    auto accounts = Database::Open(data_ / "accounts.db", 1000);
    ASSERT_TRUE(accounts.ok());
    accounts_.emplace(std::move(*accounts));
    ASSERT_TRUE(accounts_->Execute("CREATE TABLE users (name TEXT); INSERT INTO users VALUES ('ann')").ok());
    Write(data_ / "secrets" / "jwt", "a secret of more than thirty-two bytes", 0600);
    Write(data_ / "plant" / "gas" / "state.json", "{\"hour\":7}");
    Write(data_ / "features" / "gas" / "latest", "made again");
    Write(data_ / "registry" / "models" / "m" / ".tmp-1-1" / "half", "staged");
  }

  void AddVersion() {
    Model model;
    LinearModel body;
    body.mean = {0};
    body.scale = {1};
    body.coef = {0.5};
    body.logistic = true;
    model.body = body;
    model.info.run = "lr_soft_alarm";
    model.info.features = {"x"};
    model.info.medians = {0};
    const auto files = PackModel(model);
    ASSERT_TRUE(files.ok()) << files.message();
    const auto version = registry_->AddVersion({"m", "", {}, *files});
    ASSERT_TRUE(version.ok()) << version.message();
    ASSERT_TRUE(registry_->SetAlias("m", "champion", version->version).ok());
  }

  Result<BackupManifest> Backup() {
    BackupOptions options;
    options.folder = data_;
    options.now_us = kNow;
    options.notes = {"accounts are elsewhere"};
    return WriteBackup(options, file_);
  }
  Result<BackupManifest> Restore(const fs::path& folder, const std::function<void()>& at = {}) {
    RestoreOptions options;
    options.folder = folder;
    options.stamp = "2015";
    options.at = at;
    return RestoreBackup(file_, options);
  }
  static std::string UserIn(const fs::path& database) {
    auto db = Database::Open(database, 1000);
    if (!db.ok()) return db.message();
    auto row = db->Prepare("SELECT name FROM users");
    if (!row.ok() || !row->Step().ok()) return "no row";
    return row->Text(0);
  }
  // What a restored folder must hold, whatever happened on the way.
  void ExpectRestored(const fs::path& folder) {
    auto registry = LocalRegistry::Open(folder / "registry");
    ASSERT_TRUE(registry.ok()) << registry.message();
    EXPECT_EQ((*registry)->Find("m@champion")->version, 1);
    EXPECT_TRUE((*registry)->Verify()->faults.empty());
    EXPECT_EQ(UserIn(folder / "accounts.db"), "ann");
    EXPECT_EQ(*ReadFile(folder / "secrets" / "jwt"), "a secret of more than thirty-two bytes");
    EXPECT_EQ(ModeOf(folder / "secrets" / "jwt"), 0600u);
    EXPECT_EQ(*ReadFile(folder / "plant" / "gas" / "state.json"), "{\"hour\":7}");
    EXPECT_FALSE(fs::exists(folder / ".restore"));
    EXPECT_TRUE(DataFolder::Open(folder).ok());
  }

  ScratchFolder scratch_;
  const fs::path data_ = scratch_.path() / "data";
  const fs::path file_ = scratch_.path() / "backup.zip";
  std::unique_ptr<Registry> registry_;
  std::optional<Database> accounts_;
};

TEST_F(BackupTest, HoldsWhatCannotBeMadeAgainAndComesBackElsewhere) {
  const auto manifest = Backup();
  ASSERT_TRUE(manifest.ok()) << manifest.message();
  EXPECT_EQ(manifest->created, "2015-01-20T08:00:00Z");
  EXPECT_EQ(ModeOf(file_), 0600u) << "it holds secrets";
  std::string paths;
  for (const BackupFile& file : manifest->files) paths += file.path + "\n";
  EXPECT_THAT(paths,
              AllOf(HasSubstr("accounts.db\n"), HasSubstr("forewarn.json\n"), HasSubstr("secrets/jwt\n"),
                    HasSubstr("plant/gas/state.json\n"), HasSubstr("registry/registry.db\n"),
                    HasSubstr("registry/models/m/1/model.onnx\n")));
  EXPECT_THAT(paths, AllOf(Not(HasSubstr("features")), Not(HasSubstr("run/")), Not(HasSubstr("-wal")),
                           Not(HasSubstr(".tmp")), Not(HasSubstr(".lock"))));
  const auto checked = CheckBackup(file_);
  ASSERT_TRUE(checked.ok()) << checked.message();
  EXPECT_EQ(checked->notes, manifest->notes);
  const auto restored = Restore(scratch_.path() / "other");
  ASSERT_TRUE(restored.ok()) << restored.message();
  ExpectRestored(scratch_.path() / "other");
}

TEST_F(BackupTest, BesideAWriterTheDatabaseIsThatOfOneMoment) {
  auto open = Transaction::Begin(*accounts_);
  ASSERT_TRUE(open.ok());
  ASSERT_TRUE(accounts_->Execute("UPDATE users SET name = 'half'").ok());
  ASSERT_TRUE(Backup().ok());
  ASSERT_TRUE(open->Commit().ok());
  ASSERT_TRUE(Restore(scratch_.path() / "other").ok());
  EXPECT_EQ(UserIn(scratch_.path() / "other" / "accounts.db"), "ann");
  EXPECT_EQ(UserIn(data_ / "accounts.db"), "half");
}

TEST_F(BackupTest, ARestoreKeepsWhatWasThereAndWhatIsMadeAgain) {
  ASSERT_TRUE(Backup().ok());
  Write(data_ / "secrets" / "jwt", "another", 0600);
  Write(data_ / "new" / "file", "came later");
  AddVersion();
  registry_.reset();
  accounts_.reset();
  const auto restored = Restore(data_);
  ASSERT_TRUE(restored.ok()) << restored.message();
  ExpectRestored(data_);
  EXPECT_FALSE(fs::exists(data_ / "new"));
  EXPECT_EQ(*ReadFile(data_ / "before-restore-2015" / "secrets" / "jwt"), "another");
  EXPECT_EQ(*ReadFile(data_ / "before-restore-2015" / "new" / "file"), "came later");
  EXPECT_EQ(*ReadFile(data_ / "features" / "gas" / "latest"), "made again");
  // Once more: the first is not written over.
  ASSERT_TRUE(Restore(data_).ok());
  EXPECT_TRUE(fs::exists(data_ / "before-restore-2015-2" / "secrets" / "jwt"));
}

TEST_F(BackupTest, ARunningServicesFolderIsRefused) {
  ASSERT_TRUE(Backup().ok());
  const auto folder = DataFolder::Open(data_);
  ASSERT_TRUE(folder.ok());
  const auto service = ServiceLock::Take(*folder, "gateway", kNow);
  ASSERT_TRUE(service.ok());
  const auto restored = Restore(data_);
  ASSERT_FALSE(restored.ok());
  EXPECT_EQ(restored.status().code(), Code::kBusy);
  EXPECT_THAT(restored.message(), HasSubstr("gateway (process"));
}

TEST_F(BackupTest, ADamagedArchiveIsToldAndChangesNothing) {
  ASSERT_TRUE(Backup().ok());
  const std::string whole = *ReadFile(file_);
  const fs::path other = scratch_.path() / "other";
  ASSERT_TRUE(DataFolder::Open(other).ok());
  Write(other / "secrets" / "jwt", "mine", 0600);
  for (size_t cut : {size_t{0}, size_t{10}, whole.size() / 2, whole.size() - 1}) {
    std::ofstream(file_, std::ios::binary | std::ios::trunc) << whole.substr(0, cut);
    const auto restored = Restore(other);
    ASSERT_FALSE(restored.ok()) << cut;
    EXPECT_THAT(restored.message(), HasSubstr(file_.string())) << cut;
  }
  for (size_t at = 200; at < whole.size(); at += whole.size() / 40) {
    std::string flipped = whole;
    flipped[at] = static_cast<char>(flipped[at] ^ 0x55);
    std::ofstream(file_, std::ios::binary | std::ios::trunc) << flipped;
    const auto checked = CheckBackup(file_);
    const auto restored = Restore(other);
    // A flip in bytes that mean nothing (a time in a header) may pass; then it was restored whole.
    EXPECT_EQ(checked.ok(), restored.ok()) << at;
    if (restored.ok()) {
      ExpectRestored(other);
      fs::remove_all(other);
      ASSERT_TRUE(DataFolder::Open(other).ok());
      Write(other / "secrets" / "jwt", "mine", 0600);
    }
    EXPECT_EQ(*ReadFile(other / "secrets" / "jwt"), "mine") << at;
    EXPECT_FALSE(fs::exists(other / ".restore")) << at;
  }
}

TEST_F(BackupTest, WhatTheTableOfContentsDoesNotListIsRefused) {
  BackupManifest manifest;
  manifest.schema = kDataSchema;
  manifest.files = {{"secrets/jwt", 1, Sha256Hex("x"), true}};
  const std::vector<ArchiveEntry> extra = {{kBackupManifestFile, "", BackupManifestText(manifest)},
                                           {"secrets/jwt", "", "x"},
                                           {"secrets/more", "", "y"}};
  ASSERT_TRUE(WriteArchive(file_, extra, {}).ok());
  EXPECT_THAT(CheckBackup(file_).message(), HasSubstr("'secrets/more'"));
  const std::vector<ArchiveEntry> missing = {{kBackupManifestFile, "", BackupManifestText(manifest)}};
  fs::remove(file_);
  ASSERT_TRUE(WriteArchive(file_, missing, {}).ok());
  EXPECT_THAT(CheckBackup(file_).message(), HasSubstr("holds no 'secrets/jwt'"));
  const std::vector<ArchiveEntry> longer = {{kBackupManifestFile, "", BackupManifestText(manifest)},
                                            {"secrets/jwt", "", std::string(1 << 20, 'x')}};
  fs::remove(file_);
  ASSERT_TRUE(WriteArchive(file_, longer, {}).ok());
  EXPECT_THAT(CheckBackup(file_).message(), HasSubstr("larger than it should be"));
}

TEST(BackupManifest, PathsThatWouldLeaveTheFolderAreRefused) {
  for (const char* path :
       {"../x", "/etc/passwd", "a/../../x", "a//b", "", ".", "a/.", "a\\b", "a\nb", "a/"}) {
    BackupManifest manifest;
    manifest.schema = kDataSchema;
    manifest.files = {{path, 1, Sha256Hex("x"), false}};
    EXPECT_FALSE(ParseBackupManifest(BackupManifestText(manifest)).ok()) << path;
  }
  BackupManifest twice;
  twice.schema = kDataSchema;
  twice.files = {{"a", 1, Sha256Hex("x"), false}, {"a", 1, Sha256Hex("x"), false}};
  EXPECT_THAT(ParseBackupManifest(BackupManifestText(twice)).message(), HasSubstr("twice"));
}

TEST(BackupManifest, ANewerOneIsRefusedInWords) {
  BackupManifest newer;
  newer.schema = kDataSchema + 1;
  newer.version = "9.9.9";
  const auto parsed = ParseBackupManifest(BackupManifestText(newer));
  EXPECT_THAT(parsed.message(), AllOf(HasSubstr("newer forewarn (9.9.9"), HasSubstr("update forewarn")));
  for (
      const char* text :
      {"", "{}", "[]", R"({"product":"forewarn-backup"})",
       R"({"product":"forewarn-backup","format":"1","schema":1,"version":"","created":"","files":[],"notes":[]})"}) {
    EXPECT_FALSE(ParseBackupManifest(text).ok()) << text;
  }
}

// A newer registry inside is refused before the folder is touched.
TEST_F(BackupTest, ANewerStoreInsideIsRefused) {
  registry_.reset();
  {
    auto db = Database::Open(data_ / "registry" / "registry.db", 1000);
    ASSERT_TRUE(db.ok());
    ASSERT_TRUE(db->Execute("PRAGMA user_version=99").ok());
  }
  ASSERT_TRUE(Backup().ok());
  const auto restored = Restore(scratch_.path() / "other");
  ASSERT_FALSE(restored.ok());
  EXPECT_THAT(restored.message(), HasSubstr("newer forewarn"));
  EXPECT_FALSE(fs::exists(scratch_.path() / "other" / "registry"));
}

// Killed between any two steps: the folder is the old one or, once it was decided, the new one.
TEST_F(BackupTest, AKillDuringARestoreLeavesTheOldOrTheNew) {
  ASSERT_TRUE(Backup().ok());
  const fs::path other = scratch_.path() / "other";
  bool old_seen = false;
  bool new_seen = false;
  for (int kill_at = 1;; ++kill_at) {
    fs::remove_all(other);
    ASSERT_TRUE(DataFolder::Open(other).ok());
    Write(other / "secrets" / "jwt", "mine", 0600);
    const pid_t child = ::fork();
    if (child == 0) {
      int steps = 0;
      (void)Restore(other, [&] {
        if (++steps == kill_at) ::raise(SIGKILL);
      });
      ::_exit(0);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(DataFolder::Open(other).ok()) << kill_at;
    if (*ReadFile(other / "secrets" / "jwt") == "mine") {
      old_seen = true;
      EXPECT_FALSE(new_seen) << kill_at;
    } else {
      new_seen = true;
      ExpectRestored(other);
      EXPECT_EQ(*ReadFile(other / "before-restore-2015" / "secrets" / "jwt"), "mine");
    }
    if (WIFEXITED(status)) break;  // it was through before the kill
  }
  EXPECT_TRUE(old_seen && new_seen);
}

TEST_F(BackupTest, AStoreElsewhereIsCopiedIn) {
  accounts_.reset();
  fs::rename(data_ / "accounts.db", scratch_.path() / "elsewhere.db");
  BackupOptions options;
  options.folder = data_;
  options.accounts = scratch_.path() / "elsewhere.db";
  ASSERT_TRUE(WriteBackup(options, file_).ok());
  ASSERT_TRUE(Restore(scratch_.path() / "other").ok());
  EXPECT_EQ(UserIn(scratch_.path() / "other" / "accounts.db"), "ann");
}

}  // namespace
}  // namespace backup_test
}  // namespace forewarn
