// AirflowDrop: dropped files handled by a DAG instead of this process. Lends the files to it in a folder of
// their own, DIR/.airflow/RUN-ID/ inside the drop folder (links, or copies where the file system has none),
// so that a restart of the watcher takes nothing away under Airflow's hands; starts the run whose id is made
// of the files' name and digest; waits for its end; and takes over the report that its tasks pushed as an
// XCom (kDropReportKey). A run that is there already is followed, not started again; one that failed for
// another reason than the files is tried again. Belongs to one thread.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "ops/airflow.h"
#include "ops/drop_watch.h"

namespace forewarn {

// The XCom: a line of ops/drop_report.h.
inline constexpr char kDropReportKey[] = "forewarn_drop";

struct AirflowDropOptions {
  std::filesystem::path folder;  // the drop folder, as this process sees it
  double poll_s = 2;             // between two looks at a run
  // Waits; false: this process is asked to stop.
  std::function<bool(double seconds)> pause;
  std::function<void(const std::string& line)> tell;  // how a run gets on
  std::function<int64_t()> now_us;                    // UTC, for reports that Airflow gave none of
};

class AirflowDrop {
 public:
  AirflowDrop(Airflow airflow, AirflowDropOptions options)
      : airflow_(std::move(airflow)), options_(std::move(options)) {}

  // Removes what was lent to runs that have ended or never were; where Airflow is away it stays for the next
  // start.
  Status Prepare();
  // A DropHandler. Failures of Airflow are kUnavailable, so that the files are tried again later.
  DropVerdict Handle(const std::vector<std::filesystem::path>& files, const std::vector<std::string>& names,
                     const std::string& digest, const std::function<Status()>& before_start);

 private:
  struct Work {  // one call of Handle
    std::string run_id;
    const std::vector<std::string>& names;
    const std::string& digest;
  };
  std::filesystem::path LentTo(const std::string& run_id) const;
  Status Lend(const Work& work, const std::vector<std::filesystem::path>& files) const;
  DropVerdict Follow(const Work& work, bool is_new);
  Result<DropVerdict> VerdictOf(const Work& work, AirflowState state) const;
  DropVerdict Plain(const Work& work, Status status, const std::string& summary) const;

  Airflow airflow_;
  AirflowDropOptions options_;
};

}  // namespace forewarn
