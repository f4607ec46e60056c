#include "ops/drop_watch.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>

#include "core/file.h"
#include "core/names.h"

namespace forewarn {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr double kLongestPause = 600;
constexpr double kLongestWait = 3600;

constexpr char kSetKey[] = "one-tag workbooks";  // of what is kept about the set

std::vector<fs::path> FilesOf(const fs::path& taken, const std::vector<std::string>& names) {
  if (names.size() == 1) return {taken};
  std::vector<fs::path> files;
  for (const std::string& name : names) files.push_back(taken / name);
  return files;
}

std::string Called(const std::vector<std::string>& names) {
  return names.size() == 1 ? "'" + names.front() + "'" : "one of the workbooks";
}

}  // namespace

DropWatch::DropWatch(const Plant& plant, fs::path folder, DropWatchOptions options, FolderEvents& events)
    : plant_(plant),
      folder_(std::move(folder), options.settle_s),
      options_(std::move(options)),
      events_(events) {}

Status DropWatch::Run() {
  FW_RETURN_IF_ERROR(folder_.Prepare());
  FW_RETURN_IF_ERROR(LookOnce());
  while (true) {
    if (options_.once && !look_again_ && !folder_.NextAtRest(events_.Now())) {
      return retries_.empty() ? Status::Ok() : retries_.begin()->second.failure;
    }
    if (!events_.Wait(SecondsToWait())) return Status::Ok();
    const Status status = LookOnce();
    if (!status.ok() && !folder_away_) options_.tell(status, status.message() + "; looking for it again");
    folder_away_ = !status.ok();
  }
}

double DropWatch::SecondsToWait() const {
  const double now = events_.Now();
  double wait = folder_.NextAtRest(now).value_or(kLongestWait);
  if (look_again_) wait = std::min(wait, options_.settle_s);
  for (const auto& [key, retry] : retries_) {
    if (retry.not_before_s > now) wait = std::min(wait, retry.not_before_s - now);
  }
  return wait;
}

void DropWatch::At(const char* step) const {
  if (options_.at) options_.at(step);
}

// A folder that went away is not made anew: a mount point would be filled by mistake.
Status DropWatch::LookOnce() {
  look_again_ = false;
  FW_ASSIGN_OR_RETURN(const std::vector<std::string> names, folder_.Scan(events_.Now()));
  HandleRested(names);
  return Status::Ok();
}

void DropWatch::HandleRested(const std::vector<std::string>& names) {
  std::erase_if(set_, [&](const Waiting& w) {
    const auto mark = MarkOf(folder_.path() / w.name);
    return !mark || *mark != w.mark;
  });
  std::erase_if(retries_, [&](const auto& retry) {
    return retry.first != kSetKey && !MarkOf(folder_.path() / retry.first);
  });
  for (const std::string& name : names) {
    const bool gone = !MarkOf(folder_.path() / name);  // while those before it were handled
    if (!gone && !MustWait(name) && !AddToSet(name)) Handle({name});
  }
  HandleSet();
}

bool DropWatch::MustWait(const std::string& key) const {
  const auto it = retries_.find(key);
  return it != retries_.end() && it->second.not_before_s > events_.Now();
}

// True where the file is a one-tag workbook that waits now, or has been waiting. One that cannot be read is
// left to be rejected alone.
bool DropWatch::AddToSet(const std::string& name) {
  const fs::path path = folder_.path() / name;
  const auto is_same = [&](const Waiting& w) { return w.name == name; };
  if (std::any_of(set_.begin(), set_.end(), is_same)) return true;
  const std::string tag = WorkbookTagOf(plant_, path);
  const auto mark = MarkOf(path);
  if (tag.empty() || !mark || !CheckWorkbook(plant_, path).ok()) return false;
  set_.push_back({name, tag, *mark});
  return true;
}

void DropWatch::HandleSet() {
  std::vector<std::string> tags;
  std::vector<std::string> names;
  for (const Waiting& w : set_) {
    tags.push_back(w.tag);
    names.push_back(w.name);
  }
  if (set_.empty() || !MissingWorkbooks(plant_, tags).empty()) {
    retries_.erase(kSetKey);
    return TellSet();
  }
  if (MustWait(kSetKey)) return;
  std::sort(names.begin(), names.end());
  set_.clear();
  told_set_.clear();
  Handle(names);
}

void DropWatch::TellSet() {
  std::vector<std::string> tags;
  for (const Waiting& w : set_) tags.push_back(w.tag);
  std::string line;
  if (!set_.empty()) {
    line = fmt::format("{} one-tag workbooks wait for those of: {}", set_.size(),
                       JoinNames(MissingWorkbooks(plant_, tags)));
  }
  if (line == told_set_) return;
  told_set_ = line;
  if (!line.empty()) options_.tell(Status::Ok(), line);
}

void DropWatch::Handle(const std::vector<std::string>& names) {
  const std::string key = names.size() == 1 ? names.front() : kSetKey;
  const Result<fs::path> taken = folder_.Take(names);
  Status status = taken.status();
  if (taken.ok()) {
    status = TryToHandle(taken.value(), names);
    if (!status.ok()) {
      const Status back = PutBack(taken.value());
      if (!back.ok()) options_.tell(back, back.message());
    }
  }
  if (status.ok()) {
    retries_.erase(key);
  } else {
    Later(key, status);
  }
}

// Ok: it has met its fate, or was put back because it had changed.
Status DropWatch::TryToHandle(const fs::path& taken, const std::vector<std::string>& names) {
  At("taken");
  const std::vector<fs::path> files = FilesOf(taken, names);
  FW_ASSIGN_OR_RETURN(const std::string digest, DropDigest(files));
  bool changed = false;
  const auto check = [&]() -> Status {
    At("read");
    FW_ASSIGN_OR_RETURN(const std::string now, DropDigest(files));
    changed = now != digest;
    return changed ? Status::Busy("it changed while it was read") : Status::Ok();
  };
  const DropVerdict verdict = options_.handle ? options_.handle(files, names, digest, check)
                                              : HandleHere(files, names, digest, check);
  if (options_.handle) look_again_ = true;  // it may have taken the events for its own waits
  At("stored");
  if (verdict.stopped) {
    options_.tell(Status::Ok(), verdict.summary);
    return PutBack(taken);
  }
  // What was refused may only have been half there, and what was stored may have been added to since.
  if (!changed) (void)check();
  if (changed) {
    options_.tell(Status::Ok(), Called(names) + " changed while it was read; it is read again");
    return PutBack(taken);
  }
  if (!verdict.status.ok() && !IsFilesFault(verdict.status)) return verdict.status;
  FW_RETURN_IF_ERROR(Settle(taken, names, digest, verdict));
  options_.tell(verdict.status, verdict.summary);
  return Status::Ok();
}

DropVerdict DropWatch::HandleHere(const std::vector<fs::path>& files, const std::vector<std::string>& names,
                                  const std::string& digest,
                                  const std::function<Status()>& before_store) const {
  const DropResult result = HandleDrop(plant_, options_.drop, files, names, digest, before_store);
  return {result.status, false, DropReportJson(result, options_.now_us()), DropReportText(result),
          DropSummary(result)};
}

// It has to come to rest anew, which only the next look can tell.
Status DropWatch::PutBack(const fs::path& taken) {
  look_again_ = true;
  return folder_.PutBack(taken);
}

// The reports first, then the files: what is moved has its report.
Status DropWatch::Settle(const fs::path& taken, const std::vector<std::string>& names,
                         const std::string& digest, const DropVerdict& verdict) {
  const auto fate = verdict.status.ok() ? DropFolder::Fate::kProcessed : DropFolder::Fate::kRejected;
  const std::string wanted = names.size() == 1 ? names.front() : DropRunId("workbooks", digest);
  const std::string name = folder_.NameFor(fate, wanted, digest);
  const std::string beside = (folder_.FolderOf(fate) / name).string();
  const std::string json = verdict.report.dump(2, ' ', false, Json::error_handler_t::replace);
  FW_RETURN_IF_ERROR(WriteFileAtomic(beside + ".report.json", json + "\n"));
  FW_RETURN_IF_ERROR(WriteFileAtomic(beside + ".report.txt", verdict.text));
  return folder_.Finish(taken, fate, name);
}

void DropWatch::Later(const std::string& key, const Status& status) {
  Retry& retry = retries_[key];
  retry.pause_s = retry.pause_s > 0 ? std::min(2 * retry.pause_s, kLongestPause) : options_.retry_s;
  retry.not_before_s = events_.Now() + retry.pause_s;
  retry.failure = status;
  options_.tell(status,
                fmt::format("{}: {}; the next try is in {:.0f} s", key, status.message(), retry.pause_s));
}

}  // namespace forewarn
