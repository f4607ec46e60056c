// The one implementation of Store: a group writer and a pool of readers over SOCI.
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <optional>
#include <utility>

#include "accounts/apply.h"
#include "accounts/backup.h"
#include "accounts/database.h"
#include "accounts/group_writer.h"
#include "accounts/queries.h"
#include "accounts/schema.h"
#include "accounts/session_pool.h"
#include "accounts/sql.h"
#include "accounts/store.h"
#include "accounts/username.h"
#include "core/file.h"

namespace forewarn {
namespace {

Status CheckLimit(int limit) {
  if (limit >= 1 && limit <= 10000) return Status::Ok();
  return Status::Invalid(fmt::format("limit is {}; 1 to 10000 is possible", limit));
}

class SociStore : public Store {
 public:
  SociStore(const DatabaseUrl& url, const StoreOptions& options)
      : url_(url),
        readers_(url, options.readers, options.read_wait_ms, options.lock_wait_ms),
        writer_(url, options) {}

  void Submit(Write write, Done done) override { writer_.Submit(std::move(write), std::move(done)); }

  Result<User> FindUser(const std::string& username) override {
    FW_ASSIGN_OR_RETURN(const std::string name, NormalizeUsername(username));
    const std::string key = UsernameKey(name);
    return ReadResult<User>([&](soci::session& s) { return QueryUserByKey(s, key); });
  }
  Result<User> GetUser(int64_t id) override {
    return ReadResult<User>([&](soci::session& s) { return QueryUser(s, id); });
  }
  Result<std::vector<User>> ListUsers() override { return Read(QueryUsers); }
  Result<Session> FindSession(const std::string& id_hash) override {
    return ReadResult<Session>([&](soci::session& s) { return QuerySession(s, id_hash); });
  }
  Result<bool> IsTokenRevoked(const std::string& token_id) override {
    return Read([&](soci::session& s) { return QueryTokenRevoked(s, token_id); });
  }
  Result<std::vector<HistoryRow>> ListHistory(const HistoryQuery& query) override {
    FW_RETURN_IF_ERROR(CheckLimit(query.limit));
    return Read([&](soci::session& s) { return QueryHistory(s, query); });
  }
  Result<int64_t> CountHistory(const HistoryQuery& query) override {
    return Read([&](soci::session& s) { return QueryHistoryCount(s, query); });
  }
  Result<Warning> GetWarning(int64_t id) override {
    return ReadResult<Warning>([&](soci::session& s) { return QueryWarning(s, id); });
  }
  Result<Warning> FindWarning(const std::string& horizon, PlantTime plant_rise) override {
    return ReadResult<Warning>([&](soci::session& s) { return QueryWarningByKey(s, horizon, plant_rise); });
  }
  Result<std::vector<Warning>> ListWarnings(const WarningQuery& query) override {
    FW_RETURN_IF_ERROR(CheckLimit(query.limit));
    return Read([&](soci::session& s) { return QueryWarnings(s, query); });
  }
  Result<std::vector<Alarm>> ListAlarms(const AlarmQuery& query) override {
    FW_RETURN_IF_ERROR(CheckLimit(query.limit));
    return Read([&](soci::session& s) { return QueryAlarms(s, query); });
  }
  Result<int64_t> CountAlarmHours(PlantTime from, PlantTime to) override {
    return Read([&](soci::session& s) { return QueryAlarmHours(s, from, to); });
  }
  Result<std::vector<RiskHour>> ListRisk(const RiskQuery& query) override {
    FW_RETURN_IF_ERROR(CheckLimit(query.limit));
    return Read([&](soci::session& s) { return QueryRisk(s, query); });
  }
  Result<WatchState> GetWatchState() override { return Read(QueryWatchState); }
  Result<std::vector<AuditRow>> ListAudit(int64_t before, int limit) override {
    FW_RETURN_IF_ERROR(CheckLimit(limit));
    return Read([&](soci::session& s) { return QueryAudit(s, before, limit); });
  }
  Result<Retention> GetRetention() override { return Read(ReadRetention); }

  Status Ping() override {
    return readers_.With([](soci::session& session) {
      int one = 0;
      EachRow(session, "SELECT 1", [] {}, soci::into(one));
      return one == 1 ? Status::Ok() : Status::Internal("the database cannot count");
    });
  }

  Status Backup(const std::filesystem::path& file) override { return BackupDatabase(url_, file); }

 private:
  // query: session → T.
  template <typename Query, typename T = std::invoke_result_t<Query, soci::session&>>
  Result<T> Read(Query&& query) {
    T out{};
    FW_RETURN_IF_ERROR(readers_.With([&](soci::session& session) {
      out = query(session);
      return Status::Ok();
    }));
    return out;
  }
  // query: session → Result<T>.
  template <typename T, typename Query>
  Result<T> ReadResult(Query&& query) {
    T out{};
    FW_RETURN_IF_ERROR(readers_.With([&](soci::session& session) {
      FW_ASSIGN_OR_RETURN(out, query(session));
      return Status::Ok();
    }));
    return out;
  }

  const DatabaseUrl url_;
  SessionPool readers_;
  GroupWriter writer_;
};

// A new file is the owner's alone: it holds password hashes. SQLite gives its log the same mode.
Status MakePrivate(const std::filesystem::path& file) {
  const int fd = ::open(file.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd >= 0) ::close(fd);
  if (fd >= 0 || errno == EEXIST) return Status::Ok();
  return Status::Io(fmt::format("cannot make '{}': {}", file.string(), std::strerror(errno)));
}

}  // namespace

Result<int64_t> Store::Apply(Write write) {
  std::mutex mutex;
  std::condition_variable finished;
  std::optional<Result<int64_t>> answer;
  Submit(std::move(write), [&](Result<int64_t> result) {
    // Notified under the lock: the waiter may be gone as soon as it is released.
    const std::lock_guard lock(mutex);
    answer = std::move(result);
    finished.notify_one();
  });
  std::unique_lock lock(mutex);
  finished.wait(lock, [&] { return answer.has_value(); });
  return *std::move(answer);
}

Result<std::unique_ptr<Store>> OpenStore(const StoreOptions& options) {
  FW_ASSIGN_OR_RETURN(const DatabaseUrl url, ParseDatabaseUrl(options.url));
  if (url.engine == Engine::kSqlite) {
    if (url.file.has_parent_path()) FW_RETURN_IF_ERROR(MakeFolders(url.file.parent_path()));
    FW_RETURN_IF_ERROR(MakePrivate(url.file));
  }
  try {
    soci::session session;
    OpenSession(url, Access::kWrite, options.lock_wait_ms, session);
    FW_RETURN_IF_ERROR(PrepareStoreSchema(url, session));
  } catch (const std::exception& error) {
    return Explain(url, "open", error).status;
  }
  return std::unique_ptr<Store>(std::make_unique<SociStore>(url, options));
}

}  // namespace forewarn
