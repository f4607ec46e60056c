// What a store survives: kill -9, a full disk, a disk or database that may not be written, a lost server; and
// backup and restore. Faults happen in child processes of the tests.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pwd.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <random>
#include <set>
#include <thread>

#include "accounts/store.h"
#include "accounts/store_fixture.h"

namespace forewarn {
namespace {

using ::testing::HasSubstr;

template <typename Database>
class StoreFaultsTest : public StoreTest<Database> {};
TYPED_TEST_SUITE(StoreFaultsTest, Databases, DatabaseNames);

// Runs body in a child process; its exit code, or 128 + the signal that ended it.
template <typename Body>
int InChild(Body&& body) {
  const pid_t pid = ::fork();
  if (pid == 0) ::_exit(body());
  int state = 0;
  ::waitpid(pid, &state, 0);
  return WIFEXITED(state) ? WEXITSTATUS(state) : 128 + WTERMSIG(state);
}

// A child that stores rows from several threads as fast as it can and tells each acknowledged id through a
// pipe.
class WritingChild {
 public:
  WritingChild(const StoreOptions& options, int64_t user) {
    int ends[2];
    if (::pipe(ends) != 0) std::abort();
    pid_ = ::fork();
    if (pid_ == 0) {
      ::close(ends[0]);
      Write(options, user, ends[1]);
    }
    ::close(ends[1]);
    read_end_ = ends[0];
  }

  // Lets it acknowledge at least `rows`, then waits a moment, then kills it. All ids it was told.
  std::set<int64_t> KillAfter(size_t rows, std::chrono::microseconds moment) {
    std::set<int64_t> told;
    int64_t id = 0;
    while (told.size() < rows && ::read(read_end_, &id, sizeof id) == sizeof id) told.insert(id);
    std::this_thread::sleep_for(moment);
    ::kill(pid_, SIGKILL);
    while (::read(read_end_, &id, sizeof id) == sizeof id) told.insert(id);  // what was in the pipe
    ::waitpid(pid_, nullptr, 0);
    ::close(read_end_);
    return told;
  }

 private:
  [[noreturn]] static void Write(const StoreOptions& options, int64_t user, int pipe) {
    Result<std::unique_ptr<Store>> store = OpenStore(options);
    if (!store.ok()) ::_exit(1);
    for (int i = 0;; ++i) {
      std::vector<std::thread> threads;
      for (int t = 0; t < 4; ++t) {
        threads.emplace_back([&] {
          const Result<int64_t> id = (*store)->Apply(AddHistory{{0, user, "predict", "{}", "{}", 1}});
          if (id.ok() && ::write(pipe, &*id, sizeof(int64_t)) != sizeof(int64_t)) ::_exit(2);
        });
      }
      for (std::thread& thread : threads) thread.join();
    }
  }

  pid_t pid_ = 0;
  int read_end_ = -1;
};

TYPED_TEST(StoreFaultsTest, KilledAtAnyMomentEveryAcknowledgedWriteIsThere) {
  const int64_t alice = this->NewUser("alice");
  this->store_.reset();  // no threads while children are made
  std::mt19937 random(42);
  std::set<int64_t> told;
  constexpr int kRounds = std::is_same_v<TypeParam, Sqlite> ? 50 : 15;
  for (int round = 0; round < kRounds; ++round) {
    WritingChild child(this->options_, alice);
    const std::set<int64_t> more =
        child.KillAfter(random() % 20, std::chrono::microseconds(round % 2 == 0 ? 0 : random() % 20000));
    told.insert(more.begin(), more.end());
    this->Open();
    std::set<int64_t> kept;
    HistoryQuery query{.user_id = alice, .limit = 10000};
    do {
      const std::vector<HistoryRow> rows = *this->store_->ListHistory(query);
      for (const HistoryRow& row : rows) kept.insert(row.id);
      query.before = rows.empty() ? -1 : rows.back().id;
    } while (query.before > 1);
    this->store_.reset();
    for (const int64_t id : told) ASSERT_TRUE(kept.contains(id)) << "row " << id << " of round " << round;
  }
  EXPECT_GT(told.size(), static_cast<size_t>(kRounds));
}

// ------------------------------------------------------------------------------------------------ SQLite
class SqliteFaultsTest : public StoreTest<Sqlite> {
 protected:
  // Writes rows of 10 kB until one fails; how many were acknowledged.
  static Status WriteUntilFailure(Store& store, int64_t user, int64_t* acknowledged) {
    for (int i = 0; i < 2000; ++i) {
      const Result<int64_t> id =
          store.Apply(AddHistory{{0, user, "predict", std::string(10000, 'x'), "{}", 1}});
      if (!id.ok()) return id.status();
      ++*acknowledged;
    }
    return Status::Ok();
  }
  // A store that failed for want of space tells so in words, keeps what it acknowledged, and goes on once
  // there is some.
  template <typename Release>
  static int CheckRecovery(const StoreOptions& options, Release&& release) {
    Result<std::unique_ptr<Store>> store = OpenStore(options);
    if (!store.ok()) return 10;
    const Result<int64_t> user = (*store)->Apply(AddUser{"alice", "hash", std::nullopt, 1});
    if (!user.ok()) return 11;
    int64_t acknowledged = 0;
    const Status full = WriteUntilFailure(**store, *user, &acknowledged);
    if (full.code() != Code::kIo || full.retry_after_s() == 0 ||
        full.message().find("writing goes on by itself") == std::string::npos) {
      std::fprintf(stderr, "%s\n", full.message().c_str());
      return 12;
    }
    if (acknowledged == 0 || *(*store)->CountHistory({.user_id = *user}) != acknowledged) return 13;
    if (!(*store)->Ping().ok()) return 14;
    release();
    if (!(*store)->Apply(AddHistory{{0, *user, "predict", "{}", "{}", 1}}).ok()) return 15;
    if (*(*store)->CountHistory({.user_id = *user}) != acknowledged + 1) return 16;
    store->reset();
    Result<std::unique_ptr<Store>> again = OpenStore(options);
    return again.ok() && *(*again)->CountHistory({.user_id = *user}) == acknowledged + 1 ? 0 : 17;
  }
};

TEST_F(SqliteFaultsTest, AFullDiskIsToldInWordsAndLosesNothing) {
  store_.reset();
  const ScratchFolder mount_point;
  const std::string folder = mount_point.path().string();
  const int code = InChild([&] {
    if (::unshare(CLONE_NEWNS) != 0 || ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
        ::mount("tmpfs", folder.c_str(), "tmpfs", 0, "size=3m") != 0) {
      return 77;
    }
    std::ofstream(folder + "/ballast") << std::string(1 << 20, 'x');
    StoreOptions options;
    options.url = "sqlite:" + folder + "/store.db";
    return CheckRecovery(options, [&] { ::unlink((folder + "/ballast").c_str()); });
  });
  if (code == 77) GTEST_SKIP() << "a small disk cannot be mounted here";
  EXPECT_EQ(code, 0);
}

TEST_F(SqliteFaultsTest, AFileSizeLimitIsToldInWordsAndLosesNothing) {
  store_.reset();
  EXPECT_EQ(InChild([&] {
              ::signal(SIGXFSZ, SIG_IGN);
              rlimit limit{1 << 20, RLIM_INFINITY};
              ::setrlimit(RLIMIT_FSIZE, &limit);
              return CheckRecovery(options_, [] {
                const rlimit none{RLIM_INFINITY, RLIM_INFINITY};
                ::setrlimit(RLIMIT_FSIZE, &none);
              });
            }),
            0);
}

TEST_F(SqliteFaultsTest, AReadOnlyStoreIsToldInWords) {
  store_.reset();
  const std::filesystem::path folder = database_.folder.path();
  ::chmod(folder.c_str(), 0755);
  ::chmod((folder / "store.db").c_str(), 0444);
  EXPECT_EQ(
      InChild([&] {
        const passwd* nobody = ::getpwnam("nobody");
        if (::getuid() == 0 && (nobody == nullptr || ::setuid(nobody->pw_uid) != 0)) return 77;
        const Result<std::unique_ptr<Store>> store = OpenStore(options_);
        const Status status =
            store.ok() ? (*store)->Apply(AddAudit{{0, 1, "a", "b", "", ""}}).status() : store.status();
        return status.code() == Code::kIo && status.message().find("read-only") != std::string::npos ? 0 : 1;
      }),
      0);
}

TEST_F(SqliteFaultsTest, AnotherProcessLockIsWaitedForThenTold) {
  const int64_t alice = NewUser("alice");
  options_.lock_wait_ms = 50;
  Open();
  soci::session other;
  OpenSession(*ParseDatabaseUrl(options_.url), Access::kWrite, 50, other);
  other << "BEGIN IMMEDIATE";
  const Status busy = Fail(AddHistory{{0, alice, "predict", "{}", "{}", 1}});
  EXPECT_EQ(busy.code(), Code::kBusy);
  EXPECT_THAT(busy.message(), HasSubstr("another process holds its write lock"));
  EXPECT_EQ(*store_->CountHistory({.user_id = alice}), 0);  // reading goes on
  other << "COMMIT";
  NewHistory(alice);
}

TEST_F(SqliteFaultsTest, ANewFileIsTheOwnersAlone) {
  NewUser("alice");
  for (const char* name : {"store.db", "store.db-wal", "store.db-shm"}) {
    struct stat info{};
    ASSERT_EQ(::stat((database_.folder.path() / name).c_str(), &info), 0) << name;
    EXPECT_EQ(info.st_mode & 0777, 0600u) << name;
  }
}

TEST_F(SqliteFaultsTest, WhatIsNoDatabaseIsRefusedInWords) {
  store_.reset();
  std::ofstream(database_.folder.path() / "junk.db") << std::string(5000, 'x');
  options_.url = "sqlite:" + (database_.folder.path() / "junk.db").string();
  EXPECT_THAT(OpenStore(options_).message(), HasSubstr("damaged or no SQLite database"));
  options_.url = "sqlite:" + database_.folder.path().string();
  EXPECT_THAT(OpenStore(options_).message(), HasSubstr("cannot be opened"));
}

TEST_F(SqliteFaultsTest, ABackupIsOneFileMadeWhileWritingGoesOnAndIsRestored) {
  const int64_t alice = NewUser("alice");
  for (int i = 0; i < 20; ++i) NewHistory(alice);
  const std::filesystem::path backup = database_.folder.path() / "backups/store.backup";
  ASSERT_TRUE(MakeFolders(backup.parent_path()).ok());
  std::thread writes([&] {
    for (int i = 0; i < 20; ++i) NewHistory(alice);
  });
  const Status made = store_->Backup(backup);
  writes.join();
  ASSERT_TRUE(made.ok()) << made.message();
  size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(backup.parent_path()))
    files += entry.exists() ? 1 : 0;
  EXPECT_EQ(files, 1u);

  NewUser("bob");
  const Status in_use = RestoreStore(options_.url, backup);
  EXPECT_EQ(in_use.code(), Code::kBusy);
  EXPECT_THAT(in_use.message(), HasSubstr("is in use; stop what uses it"));
  EXPECT_TRUE(store_->FindUser("bob").ok());

  store_.reset();
  const Status restored = RestoreStore(options_.url, backup);
  ASSERT_TRUE(restored.ok()) << restored.message();
  Open();
  EXPECT_FALSE(store_->FindUser("bob").ok());
  EXPECT_TRUE(store_->FindUser("alice").ok());
  EXPECT_GE(*store_->CountHistory({.user_id = alice}), 20);
  NewHistory(alice);
  store_.reset();
  options_.url += ".before-restore";  // what was replaced is kept
  Open();
  EXPECT_TRUE(store_->FindUser("bob").ok());
  EXPECT_EQ(*store_->CountHistory({.user_id = alice}), 40);
}

TEST_F(SqliteFaultsTest, ADamagedOrNewerBackupIsRefusedAndNothingChanges) {
  NewUser("alice");
  const std::filesystem::path backup = database_.folder.path() / "backup";
  ASSERT_TRUE(store_->Backup(backup).ok());
  store_.reset();
  std::filesystem::copy(backup, database_.folder.path() / "cut");
  std::filesystem::resize_file(database_.folder.path() / "cut", 10000);
  EXPECT_THAT(RestoreStore(options_.url, database_.folder.path() / "cut").message(),
              HasSubstr("no whole backup"));
  EXPECT_THAT(RestoreStore(options_.url, database_.folder.path() / "absent").message(),
              HasSubstr("cannot read"));
  {
    soci::session session;
    OpenSession(*ParseDatabaseUrl("sqlite:" + backup.string()), Access::kWrite, 50, session);
    session << "INSERT INTO forewarn_schema (version) VALUES (99)";
  }
  EXPECT_THAT(RestoreStore(options_.url, backup).message(), HasSubstr("newer forewarn (schema 99"));
  Open();
  EXPECT_TRUE(store_->FindUser("alice").ok());
}

TEST_F(SqliteFaultsTest, AnOlderBackupIsRestoredInAnEmptyFolder) {
  NewUser("alice");
  const std::filesystem::path backup = database_.folder.path() / "backup";
  ASSERT_TRUE(store_->Backup(backup).ok());
  options_.url = "sqlite:" + (database_.folder.path() / "new/store.db").string();
  ASSERT_TRUE(RestoreStore(options_.url, backup).ok());
  Open();
  EXPECT_TRUE(store_->FindUser("alice").ok());
}

// -------------------------------------------------------------------------------------------- PostgreSQL
class PostgresFaultsTest : public StoreTest<Postgres> {
 protected:
  void TearDown() override {
    store_.reset();
    if (Postgres::Absence().empty()) {
      PostgresServer::Shared().Stop(SIGINT);
      PostgresServer::Shared().Start();
    }
  }
  // Writes until one is acknowledged.
  void AwaitWrite(int64_t user) {
    while (!store_->Apply(AddHistory{{0, user, "predict", "{}", "{}", 1}}).ok()) {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
  }
};

TEST_F(PostgresFaultsTest, AServerThatWasRestartedWhileIdleIsNotNoticed) {
  const int64_t alice = NewUser("alice");
  NewHistory(alice);
  ASSERT_TRUE(store_->Ping().ok());
  PostgresServer::Shared().Stop(SIGQUIT);
  PostgresServer::Shared().Start();
  NewHistory(alice);
  EXPECT_EQ(*store_->CountHistory({.user_id = alice}), 2);
}

TEST_F(PostgresFaultsTest, AServerThatIsAwayIsToldInWordsAndItsReturnIsFound) {
  const int64_t alice = NewUser("alice");
  ASSERT_TRUE(store_->Ping().ok());
  PostgresServer::Shared().Stop(SIGQUIT);
  for (int i = 0; i < 3; ++i) {
    const Status away = Fail(AddHistory{{0, alice, "predict", "{}", "{}", 1}});
    EXPECT_EQ(away.code(), Code::kUnavailable) << away.message();
    EXPECT_THAT(away.message(), HasSubstr("it is tried again by itself"));
    EXPECT_GT(away.retry_after_s(), 0);
    EXPECT_EQ(store_->Ping().code(), Code::kUnavailable);
  }
  EXPECT_EQ(OpenStore(options_).status().code(), Code::kUnavailable);
  PostgresServer::Shared().Start();
  EXPECT_TRUE(store_->Ping().ok());
  AwaitWrite(alice);
  EXPECT_EQ(*store_->CountHistory({.user_id = alice}), 1);  // what failed was not stored
}

TEST_F(PostgresFaultsTest, AConnectionThatIsEndedInTheMiddleLosesNothing) {
  const int64_t alice = NewUser("alice");
  std::atomic<bool> stop = false;
  std::thread killer([&] {
    while (!stop) {
      try {
        PostgresServer::Shared().Run(
            "postgres",
            "DO 'BEGIN PERFORM pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE pid <> pg_backend_pid() AND backend_type = ''client backend''; END'");
      } catch (const std::exception&) {
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
  });
  std::set<int64_t> told;
  int failed = 0;
  for (int i = 0; i < 300; ++i) {
    const Result<int64_t> id = store_->Apply(AddHistory{{0, alice, "predict", "{}", "{}", 1}});
    if (id.ok()) told.insert(*id);
    failed += id.ok() ? 0 : 1;
  }
  stop = true;
  killer.join();
  std::set<int64_t> kept;
  const std::vector<HistoryRow> rows = *store_->ListHistory({.user_id = alice, .limit = 10000});
  for (const HistoryRow& row : rows) kept.insert(row.id);
  for (const int64_t id : told) EXPECT_TRUE(kept.contains(id));
  EXPECT_LE(kept.size(), told.size() + static_cast<size_t>(failed));  // and nothing was stored twice
  EXPECT_GT(told.size(), 0u);
}

TEST_F(PostgresFaultsTest, ADatabaseThatMayNotBeWrittenIsToldInWordsAndItsReturnIsFound) {
  const int64_t alice = NewUser("alice");
  PostgresServer& server = PostgresServer::Shared();
  server.Run("postgres", "ALTER SYSTEM SET default_transaction_read_only = on");
  server.Stop(SIGINT);
  server.Start();
  const Status refused = Fail(AddHistory{{0, alice, "predict", "{}", "{}", 1}});
  EXPECT_EQ(refused.code(), Code::kIo) << refused.message();
  EXPECT_THAT(refused.message(), HasSubstr("read-only"));
  EXPECT_TRUE(store_->Ping().ok());
  server.Run("postgres", "ALTER SYSTEM RESET default_transaction_read_only");
  server.Stop(SIGINT);
  server.Start();
  AwaitWrite(alice);
}

TEST_F(PostgresFaultsTest, ALockIsWaitedForThenTold) {
  NewUser("alice");
  options_.lock_wait_ms = 50;
  Open();
  soci::session other;
  OpenSession(*ParseDatabaseUrl(options_.url), Access::kWrite, 50, other);
  other << "BEGIN";
  other << "LOCK TABLE users IN ACCESS EXCLUSIVE MODE";
  const Status busy = Fail(AddUser{"bob", "hash", std::nullopt, 1});
  EXPECT_EQ(busy.code(), Code::kBusy) << busy.message();
  EXPECT_THAT(busy.message(), HasSubstr("lock timeout"));
  other << "ROLLBACK";
  NewUser("bob");
}

TEST_F(PostgresFaultsTest, BackupPointsToPgDump) {
  EXPECT_THAT(store_->Backup("/nowhere").message(), HasSubstr("pg_dump"));
  EXPECT_THAT(RestoreStore(options_.url, "/nowhere").message(), HasSubstr("pg_restore"));
}

TEST(DatabaseUrl, NoPasswordIsEverShown) {
  for (const char* url : {"postgresql://alice:s3cret@db.example:5432/forewarn?sslmode=require",
                          "postgres://alice:s3cret@/x", "postgresql://alice:s3cret/with@slash@db/x",
                          "postgresql://db/x?user=a&password=s3cret&sslmode=require",
                          "postgresql://db/x?password=s3cret", "mysql://alice:s3cret@db/x"}) {
    const Result<DatabaseUrl> parsed = ParseDatabaseUrl(url);
    const std::string shown = parsed.ok() ? parsed->shown : parsed.message();
    EXPECT_THAT(shown, ::testing::Not(HasSubstr("s3cret"))) << url;
    EXPECT_THAT(shown, HasSubstr("***")) << url;
  }
  const Status away = OpenStore({.url = "postgresql://alice:s3cret@127.0.0.1:1/x"}).status();
  EXPECT_EQ(away.code(), Code::kUnavailable);
  EXPECT_THAT(away.message(), ::testing::Not(HasSubstr("s3cret")));
  EXPECT_THAT(away.message(), HasSubstr("start the server, or correct the URL"));
}

TEST(DatabaseUrl, NamesAFileOrAServer) {
  EXPECT_EQ(ParseDatabaseUrl("sqlite:/var/x y=z.db")->file, "/var/x y=z.db");
  EXPECT_EQ(ParseDatabaseUrl("sqlite:///var/x.db")->file, "/var/x.db");
  EXPECT_EQ(ParseDatabaseUrl("data/app.db")->file, "data/app.db");
  for (const char* url : {"", "sqlite:", "sqlite::memory:", "sqlite:a\"b", "mysql://x/y"}) {
    EXPECT_EQ(ParseDatabaseUrl(url).status().code(), Code::kInvalid) << url;
  }
}

}  // namespace
}  // namespace forewarn
