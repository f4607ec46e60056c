#include "ops/airflow_drop.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/file.h"
#include "core/names.h"
#include "ops/drop_report.h"
#include "plant/plant.h"

namespace forewarn {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr char kLentFolder[] = ".airflow";

// A second name of the same bytes, or a copy of them where the file system has no links.
Status LendFile(const fs::path& file, const fs::path& as) {
  std::error_code error;
  fs::remove(as, error);
  fs::create_hard_link(file, as, error);
  if (error) fs::copy_file(file, as, fs::copy_options::overwrite_existing, error);
  if (!error) return Status::Ok();
  return Status::Io(fmt::format("cannot lend '{}' as '{}': {}", file.string(), as.string(), error.message()));
}

std::string WhatOf(const std::vector<std::string>& names) {
  return names.size() == 1 ? "'" + names.front() + "'" : fmt::format("{} workbooks", names.size());
}

const char* WordOf(AirflowState state) {
  switch (state) {
    case AirflowState::kQueued:
      return "queued";
    case AirflowState::kRunning:
      return "running";
    case AirflowState::kSuccess:
      return "success";
    case AirflowState::kFailed:
      break;
  }
  return "failed";
}

bool HasEnded(AirflowState state) {
  return state == AirflowState::kSuccess || state == AirflowState::kFailed;
}

// The failed tasks, for a person.
std::string FailedOf(const std::vector<AirflowTask>& tasks) {
  std::vector<std::string> failed;
  for (const AirflowTask& task : tasks) {
    if (task.state == "failed") failed.push_back(task.id);
  }
  return failed.empty() ? "no task" : "task " + JoinNames(failed);
}

}  // namespace

fs::path AirflowDrop::LentTo(const std::string& run_id) const {
  return options_.folder / kLentFolder / run_id;
}

Status AirflowDrop::Prepare() {
  std::error_code error;
  std::vector<fs::path> lent;
  for (fs::directory_iterator it(options_.folder / kLentFolder, error), end; !error && it != end;
       it.increment(error)) {
    lent.push_back(it->path());
  }
  for (const fs::path& folder : lent) {
    FW_ASSIGN_OR_RETURN(const auto state, airflow_.StateOf(folder.filename().string()));
    if (!state || HasEnded(*state)) fs::remove_all(folder, error);
  }
  return Status::Ok();
}

Status AirflowDrop::Lend(const Work& work, const std::vector<fs::path>& files) const {
  const fs::path folder = LentTo(work.run_id);
  FW_RETURN_IF_ERROR(MakeFolders(folder));
  for (size_t i = 0; i < files.size(); ++i) {
    FW_RETURN_IF_ERROR(LendFile(files[i], folder / work.names[i]));
  }
  return Status::Ok();
}

DropVerdict AirflowDrop::Handle(const std::vector<fs::path>& files, const std::vector<std::string>& names,
                                const std::string& digest, const std::function<Status()>& before_start) {
  const Work work = {DropRunId(names.size() == 1 ? names.front() : "workbooks", digest), names, digest};
  const auto failed = [&](const Status& status) { return Plain(work, status, status.message()); };
  if (const Status status = airflow_.Check(); !status.ok()) return failed(status);
  if (const Status status = Lend(work, files); !status.ok()) return failed(status);
  if (const Status status = before_start(); !status.ok()) return failed(status);
  const std::string lent = fmt::format("{}/{}", kLentFolder, work.run_id);
  const auto is_new = airflow_.Start(
      work.run_id,
      {{"source_path", names.size() == 1 ? lent + "/" + names.front() : lent}, {"sha256", digest}});
  if (!is_new.ok()) return failed(is_new.status());
  options_.tell(fmt::format("{}: Airflow's run {} {}", WhatOf(names), work.run_id,
                            *is_new ? "is started" : "is there already"));
  DropVerdict verdict = Follow(work, *is_new);
  if (!verdict.stopped && (verdict.status.ok() || IsFilesFault(verdict.status))) {
    std::error_code left;  // is swept at the next start
    fs::remove_all(LentTo(work.run_id), left);
  }
  return verdict;
}

// To the run's end. One that had failed before this call, and not by the files' fault, gets one more try.
DropVerdict AirflowDrop::Follow(const Work& work, bool is_new) {
  bool may_try_again = !is_new;
  while (true) {
    const auto state = airflow_.StateOf(work.run_id);
    if (!state.ok()) return Plain(work, state.status(), state.message());
    if (!*state) {
      return Plain(work, Status::Unavailable("its run was deleted"),
                   fmt::format("Airflow's run {} was deleted", work.run_id));
    }
    if (HasEnded(**state)) {
      Result<DropVerdict> verdict = VerdictOf(work, **state);
      if (!verdict.ok()) return Plain(work, verdict.status(), verdict.message());
      if (verdict->status.ok() || IsFilesFault(verdict->status) || !may_try_again) return *verdict;
      may_try_again = false;
      const Status again = airflow_.TryAgain(work.run_id);
      if (!again.ok()) return Plain(work, again, again.message());
      options_.tell(fmt::format("{}: run {} had failed; it is tried again", WhatOf(work.names), work.run_id));
    }
    if (!options_.pause(options_.poll_s)) {
      DropVerdict verdict =
          Plain(work, Status::Ok(),
                fmt::format("{}: Airflow goes on with run {}; the next start of the watcher looks after it",
                            WhatOf(work.names), work.run_id));
      verdict.stopped = true;
      return verdict;
    }
  }
}

// The newest report of the run's tasks decides; a DAG of the user's own may push none.
Result<DropVerdict> AirflowDrop::VerdictOf(const Work& work, AirflowState state) const {
  FW_ASSIGN_OR_RETURN(std::vector<AirflowTask> tasks, airflow_.TasksOf(work.run_id));
  std::stable_sort(tasks.begin(), tasks.end(),
                   [](const auto& a, const auto& b) { return a.ended > b.ended; });
  std::optional<DropReport> pushed;
  for (const AirflowTask& task : tasks) {
    if (pushed || (task.state != "success" && task.state != "failed")) continue;
    FW_ASSIGN_OR_RETURN(const auto text, airflow_.Pushed(work.run_id, task.id, kDropReportKey));
    if (text) pushed = ParseDropReport(*text);
  }
  Status status = Status::Ok();
  std::string summary =
      fmt::format("{}: run {} of DAG '{}' has succeeded", WhatOf(work.names), work.run_id, airflow_.dag());
  if (state == AirflowState::kFailed) {
    const std::string page = airflow_.PageOf(work.run_id);
    const bool rejected = pushed && pushed->Outcome() == "rejected";
    summary = rejected ? pushed->summary
                       : fmt::format("run {} failed in {}{}{}; see {}", work.run_id, FailedOf(tasks),
                                     pushed ? ": " : "", pushed ? pushed->summary : "", page);
    status = rejected ? Status::Invalid(summary) : Status::Unavailable(summary);
  } else if (pushed) {
    summary = pushed->summary;
  }
  DropVerdict verdict = Plain(work, status, summary);
  if (pushed) {
    const Json airflow = verdict.report["airflow"];
    verdict.report = pushed->report;
    verdict.report["airflow"] = airflow;
    verdict.text = pushed->text;
  }
  verdict.report["airflow"]["state"] = WordOf(state);
  verdict.text +=
      fmt::format("\nrun         {} of DAG '{}': {}\n", work.run_id, airflow_.dag(), WordOf(state));
  return verdict;
}

// What can be said without a report of the DAG.
DropVerdict AirflowDrop::Plain(const Work& work, Status status, const std::string& summary) const {
  const int64_t now = options_.now_us();
  DropVerdict verdict;
  verdict.report = {
      {"files", work.names},
      {"sha256", work.digest},
      {"outcome", DropOutcomeName(status)},
      {"handled", FormatIsoUtc(now - now % kSecond)},
      {"airflow",
       {{"dag", airflow_.dag()}, {"run_id", work.run_id}, {"page", airflow_.PageOf(work.run_id)}}}};
  verdict.status = std::move(status);
  verdict.summary = summary;
  verdict.text = summary + "\n";
  return verdict;
}

}  // namespace forewarn
