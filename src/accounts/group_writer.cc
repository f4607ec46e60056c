#include "accounts/group_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

namespace forewarn {
namespace {

constexpr std::array<size_t, 3> kWidths = {32, 8, 1};  // history rows in one statement
constexpr int64_t kFirstBackoff = 100 * kMillisecond;
constexpr int64_t kLongestBackoff = 5 * kSecond;
constexpr char kWriteTo[] = "write to";

int64_t SteadyNow() {
  return std::chrono::duration_cast<std::chrono::microseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

Status TooMany(const DatabaseUrl& url) {
  return Status(Code::kBusy, fmt::format("too many writes to '{}' are waiting; try again", url.shown))
      .WithRetryAfter(1);
}

}  // namespace

GroupWriter::GroupWriter(DatabaseUrl url, const StoreOptions& options)
    : url_(std::move(url)), options_(options), thread_([this] { Run(); }) {}

GroupWriter::~GroupWriter() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

void GroupWriter::Submit(Write write, Store::Done done) {
  Status refused = ValidateWrite(write);
  if (refused.ok()) {
    Item item{std::move(write), std::move(done), 0};
    item.bytes = WriteBytes(item.write);
    const std::lock_guard lock(mutex_);
    if (!stopping_ && queue_.size() < options_.queue_writes &&
        (queue_.empty() || queued_bytes_ + item.bytes <= options_.queue_bytes)) {
      queued_bytes_ += item.bytes;
      queue_.push_back(std::move(item));
      wake_.notify_one();
      return;
    }
    refused = stopping_ ? Status::Unavailable("the store is closing") : TooMany(url_);
    done = std::move(item.done);
  }
  done(std::move(refused));
}

bool GroupWriter::Take(Group& group) {
  std::unique_lock lock(mutex_);
  wake_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
  while (!queue_.empty() && group.size() < options_.group_writes) {
    queued_bytes_ -= queue_.front().bytes;
    group.push_back(std::move(queue_.front()));
    queue_.pop_front();
  }
  return !group.empty();
}

void GroupWriter::Run() {
  for (Group group; Take(group); group.clear()) {
    Results results = Commit(group);
    for (size_t i = 0; i < group.size(); ++i) group[i].done(std::move(results[i]));
  }
  Disconnect();
}

Status GroupWriter::Connect() {
  if (session_ != nullptr) return Status::Ok();
  const int64_t now = SteadyNow();
  if (now < next_connect_us_) {
    const auto seconds = static_cast<int>((next_connect_us_ - now) / kSecond + 1);
    return Status(away_).WithRetryAfter(seconds);
  }
  try {
    auto session = std::make_unique<soci::session>();
    OpenSession(url_, Access::kWrite, options_.lock_wait_ms, *session);
    session_ = std::move(session);
    backoff_us_ = 0;
    return Status::Ok();
  } catch (const std::exception& error) {
    away_ = Explain(url_, kWriteTo, error).status;
    backoff_us_ = std::clamp(backoff_us_ * 2, kFirstBackoff, kLongestBackoff);
    next_connect_us_ = SteadyNow() + backoff_us_;
    return Status(away_).WithRetryAfter(static_cast<int>(backoff_us_ / kSecond + 1));
  }
}

void GroupWriter::Disconnect() {
  inserts_.clear();
  session_.reset();
}

DatabaseFault GroupWriter::Explained(const std::exception& error) const {
  return Explain(url_, kWriteTo, error);
}

GroupWriter::Results GroupWriter::Commit(const Group& group) {
  const auto all_fail = [&](const Status& status) { return Results(group.size(), status); };
  for (int tries = 0;; ++tries) {
    const bool fresh = session_ == nullptr;
    if (Status status = Connect(); !status.ok()) return all_fail(status);
    bool committing = false;
    try {
      Results results;
      results.reserve(group.size());
      *session_ << DialectOf(url_.engine).begin_write;
      ApplyAll(group, results);
      committing = true;
      *session_ << "COMMIT";
      return results;
    } catch (const std::exception& error) {
      const DatabaseFault fault = Explained(error);
      // A connection of its own for the next group: whatever state this one is in goes with it, and the
      // transaction is rolled back.
      Disconnect();
      // Nothing has been sent to be committed, so nothing can happen twice.
      if (fault.lost && !fresh && !committing && tries == 0) continue;
      return all_fail(Status(fault.status).WithRetryAfter(1));
    }
  }
}

void GroupWriter::ApplyAll(const Group& group, Results& results) {
  while (results.size() < group.size()) {
    const size_t first = results.size();
    size_t end = first;
    while (end < group.size() && std::holds_alternative<AddHistory>(group[end].write)) ++end;
    if (end == first) {
      results.push_back(ApplyOne(group[first].write));
    } else {
      ApplyHistory(group, first, end - first, results);
    }
  }
}

// As many of the `count` rows from `first` on as the widest fitting statement takes. Where one of them is at
// fault, each is tried by itself to find out which.
void GroupWriter::ApplyHistory(const Group& group, size_t first, size_t count, Results& results) {
  const size_t width = *std::find_if(kWidths.begin(), kWidths.end(), [&](size_t w) { return w <= count; });
  if (InsertHistory(group, first, width, results)) return;
  for (size_t i = first; i < first + width; ++i) {
    if (width > 1 && InsertHistory(group, i, 1, results)) continue;
    const int64_t user = std::get<AddHistory>(group[i].write).row.user_id;
    results.emplace_back(
        Status::NotFound(fmt::format("there is no user {} whose history it could be", user)));
  }
}

// False: the rows break a constraint (their user is gone), and none is stored.
bool GroupWriter::InsertHistory(const Group& group, size_t first, size_t width, Results& results) {
  HistoryInsert& insert = inserts_.try_emplace(width, *session_, width).first->second;
  for (size_t i = 0; i < width; ++i) insert.slot(i) = std::get<AddHistory>(group[first + i].write).row;
  *session_ << "SAVEPOINT rows";
  try {
    const std::vector<int64_t> ids = insert.Run();
    *session_ << "RELEASE SAVEPOINT rows";
    results.insert(results.end(), ids.begin(), ids.end());
    return true;
  } catch (const std::exception& error) {
    if (!Explained(error).own_fault) throw;
    *session_ << "ROLLBACK TO SAVEPOINT rows";
    *session_ << "RELEASE SAVEPOINT rows";
    return false;
  }
}

Result<int64_t> GroupWriter::ApplyOne(const Write& write) {
  *session_ << "SAVEPOINT one";
  Result<int64_t> result = Status::Internal("not applied");
  try {
    result = ApplyWrite(url_.engine, *session_, write);
  } catch (const std::exception& error) {
    const DatabaseFault fault = Explained(error);
    if (!fault.own_fault) throw;
    result = fault.status;
  }
  if (!result.ok()) *session_ << "ROLLBACK TO SAVEPOINT one";
  *session_ << "RELEASE SAVEPOINT one";
  return result;
}

}  // namespace forewarn
