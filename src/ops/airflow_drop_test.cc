// The watcher's Airflow mode against a server that speaks Airflow 2's REST interface as far as the watcher
// uses it, with what goes wrong in it. The real one is in tests/servers/test_chain.py.
#include "ops/airflow_drop.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <fstream>
#include <map>
#include <mutex>

#include "core/file.h"
#include "http/server.h"
#include "ops/drop_report.h"

namespace forewarn {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using Json = nlohmann::json;

// Runs go through their scripted states, one a question.
class FakeAirflow {
 public:
  struct Run {
    Json conf;
    std::deque<std::string> states;
    int tries = 1;
  };

  FakeAirflow() {
    using http::Method;
    const auto add = [&](Method method, const char* pattern,
                         http::Response (FakeAirflow::*answer)(const http::Request&)) {
      router_->Add(method, pattern, http::Inline{[this, answer](const http::Request& request) {
                     const std::scoped_lock lock(mutex_);
                     // "admin:secret"
                     if (request.Header("Authorization") != "Basic YWRtaW46c2VjcmV0") {
                       return http::Json(401, R"({"title":"Unauthorized"})");
                     }
                     return (this->*answer)(request);
                   }},
                   method == Method::kPost ? http::JsonRoute() : http::RouteOptions());
    };
    add(Method::kGet, "/api/v1/dags", &FakeAirflow::Dags);
    add(Method::kGet, "/api/v1/dags/{dag}", &FakeAirflow::Dag);
    add(Method::kPost, "/api/v1/dags/ingest/dagRuns", &FakeAirflow::Start);
    add(Method::kGet, "/api/v1/dags/ingest/dagRuns/{run}", &FakeAirflow::State);
    add(Method::kPost, "/api/v1/dags/ingest/clearTaskInstances", &FakeAirflow::Clear);
    add(Method::kGet, "/api/v1/dags/ingest/dagRuns/{run}/taskInstances", &FakeAirflow::Tasks);
    add(Method::kGet, "/api/v1/dags/ingest/dagRuns/{run}/taskInstances/{task}/xcomEntries/{key}",
        &FakeAirflow::Pushed);
    const auto port = server_.Listen("127.0.0.1", 0, router_);
    EXPECT_TRUE(port.ok()) << port.message();
    EXPECT_TRUE(server_.Start().ok());
    url = "http://127.0.0.1:" + std::to_string(*port);
  }

  std::string url;
  bool paused = false;
  std::deque<std::string> script = {"queued", "running", "success"};  // of a run that is started
  std::deque<std::string> second = {"running", "success"};            // of one that is tried again
  Json tasks = Json::array({{{"task_id", "etl"}, {"state", "success"}, {"end_date", "2026-01-01"}}});
  std::map<std::string, std::string> pushed;  // by task
  std::map<std::string, Run> runs;

 private:
  http::Response Dags(const http::Request&) {
    return http::Json(200, R"({"dags":[{"dag_id":"ingest"},{"dag_id":"train"}]})");
  }
  http::Response Dag(const http::Request& request) {
    if (request.Param("dag") != "ingest") return http::Json(404, R"({"detail":"no such DAG"})");
    return http::Json(200, Json{{"dag_id", "ingest"}, {"is_paused", paused}}.dump());
  }
  http::Response Start(const http::Request& request) {
    const Json body = Json::parse(request.body);
    const std::string id = body["dag_run_id"];
    if (runs.contains(id)) return http::Json(409, R"({"detail":"exists"})");
    runs[id] = {body["conf"], script, 1};
    return http::Json(200, "{}");
  }
  http::Response State(const http::Request& request) {
    const auto it = runs.find(std::string(request.Param("run")));
    if (it == runs.end()) return http::Json(404, R"({"detail":"no such run"})");
    std::deque<std::string>& states = it->second.states;
    const std::string state = states.front();
    if (states.size() > 1) states.pop_front();
    return http::Json(200, Json{{"state", state}}.dump());
  }
  http::Response Clear(const http::Request& request) {
    Run& run = runs.at(Json::parse(request.body)["dag_run_id"].get<std::string>());
    run.states = second;
    ++run.tries;
    return http::Json(200, R"({"task_instances":[]})");
  }
  http::Response Tasks(const http::Request&) {
    return http::Json(200, Json{{"task_instances", tasks}}.dump());
  }
  http::Response Pushed(const http::Request& request) {
    const auto it = pushed.find(std::string(request.Param("task")));
    if (it == pushed.end() || request.Param("key") != kDropReportKey) return http::Json(404, "{}");
    return http::Json(200, Json{{"key", kDropReportKey}, {"value", it->second}}.dump());
  }

  std::mutex mutex_;
  std::shared_ptr<http::Router> router_ = std::make_shared<http::Router>();
  http::Server server_;
};

std::string Report(const std::string& outcome, const std::string& summary) {
  return Json{{"report", {{"outcome", outcome}, {"kind", "labelled table"}}},
              {"text", summary + " in full\n"},
              {"summary", summary}}
      .dump();
}

class AirflowDropTest : public ::testing::Test {
 protected:
  void SetUp() override {
    fs::create_directories(folder_ / ".work");
    std::ofstream(file_) << "timestamp,a\n";
  }

  AirflowDrop Make(const std::string& dag = "ingest", const std::string& password = "secret") {
    AirflowOptions airflow;
    airflow.url = server_.url;
    airflow.user = "admin";
    airflow.password = password;
    airflow.dag = dag;
    airflow.http.retries = 0;
    auto client = Airflow::Make(std::move(airflow));
    EXPECT_TRUE(client.ok()) << client.message();
    AirflowDropOptions options;
    options.folder = folder_;
    options.pause = [this](double) { return ++pauses_ < stop_at_; };
    options.tell = [this](const std::string& line) { told_.push_back(line); };
    options.now_us = [] { return int64_t{1'421'740'800'000'000}; };
    return {std::move(*client), std::move(options)};
  }
  DropVerdict Handle(AirflowDrop drop) {
    return drop.Handle({file_}, {"export 1.csv"}, digest_, [] { return Status::Ok(); });
  }
  DropVerdict Handle() { return Handle(Make()); }
  fs::path Lent() const { return folder_ / ".airflow" / id_; }

  FakeAirflow server_;
  ScratchFolder scratch_;
  fs::path folder_ = scratch_.path() / "drop";
  fs::path file_ = folder_ / ".work" / "export 1.csv";
  const std::string digest_ = std::string(64, 'a');
  const std::string id_ = "export_1-aaaaaaaaaaaa";
  int pauses_ = 0;
  int stop_at_ = 1000;
  std::vector<std::string> told_;
};

TEST_F(AirflowDropTest, ARunIsStartedFollowedAndItsReportTakenOver) {
  server_.pushed["etl"] = Report("processed", "'export 1.csv' is stored");
  const DropVerdict verdict = Handle();
  ASSERT_TRUE(verdict.status.ok()) << verdict.status.message();
  EXPECT_EQ(verdict.summary, "'export 1.csv' is stored");
  EXPECT_EQ(verdict.report["kind"], "labelled table");
  EXPECT_EQ(verdict.report["airflow"]["run_id"], id_);
  EXPECT_EQ(verdict.report["airflow"]["state"], "success");
  EXPECT_THAT(verdict.text, AllOf(HasSubstr("is stored in full"), HasSubstr(id_)));
  EXPECT_EQ(pauses_, 2) << "queued, running";
  ASSERT_TRUE(server_.runs.contains(id_));
  EXPECT_EQ(server_.runs[id_].conf["source_path"], ".airflow/" + id_ + "/export 1.csv")
      << "below the drop folder, wherever Airflow has that";
  EXPECT_FALSE(fs::exists(Lent())) << "taken back at the end";
  EXPECT_TRUE(fs::exists(file_));
}

TEST_F(AirflowDropTest, FilesAreLentWhileTheRunGoesOnAndAStopLeavesThemThere) {
  stop_at_ = 2;
  server_.script = {"queued", "running"};
  const DropVerdict stopped = Handle();
  EXPECT_TRUE(stopped.stopped);
  EXPECT_THAT(stopped.summary, HasSubstr("goes on with run " + id_));
  EXPECT_EQ(*ReadFile(Lent() / "export 1.csv"), "timestamp,a\n");
  // The next start of the watcher leaves it to the run, and follows that.
  AirflowDrop next = Make();
  ASSERT_TRUE(next.Prepare().ok());
  EXPECT_TRUE(fs::exists(Lent() / "export 1.csv"));
  server_.runs[id_].states = {"running", "success"};
  stop_at_ = 1000;
  EXPECT_TRUE(Handle(std::move(next)).status.ok());
  EXPECT_EQ(server_.runs[id_].tries, 1);
  EXPECT_THAT(server_.runs, SizeIs(1));
  EXPECT_FALSE(fs::exists(Lent()));
}

TEST_F(AirflowDropTest, PrepareTakesBackWhatNoRunNeeds) {
  for (const char* id : {"ended-1", "going-2", "never-3"}) fs::create_directories(folder_ / ".airflow" / id);
  server_.runs["ended-1"].states = {"failed"};
  server_.runs["going-2"].states = {"queued"};
  ASSERT_TRUE(Make().Prepare().ok());
  EXPECT_FALSE(fs::exists(folder_ / ".airflow" / "ended-1"));
  EXPECT_TRUE(fs::exists(folder_ / ".airflow" / "going-2"));
  EXPECT_FALSE(fs::exists(folder_ / ".airflow" / "never-3"));
}

TEST_F(AirflowDropTest, TheFileIsToBlameWhereTheRunSaysSoHoweverOftenItIsDropped) {
  server_.script = {"failed"};
  server_.tasks = {{{"task_id", "resolve"}, {"state", "success"}, {"end_date", "2026-01-01"}},
                   {{"task_id", "gate"}, {"state", "failed"}, {"end_date", "2026-01-02"}},
                   {{"task_id", "etl"}, {"state", "upstream_failed"}, {"end_date", "2026-01-03"}}};
  server_.pushed["gate"] = Report("rejected", "'export 1.csv' is rejected: no label");
  for (int i = 0; i < 2; ++i) {
    const DropVerdict verdict = Handle();
    EXPECT_TRUE(IsFilesFault(verdict.status));
    EXPECT_EQ(verdict.status.message(), "'export 1.csv' is rejected: no label");
    EXPECT_EQ(verdict.report["outcome"], "rejected");
    EXPECT_EQ(verdict.report["airflow"]["state"], "failed");
  }
  EXPECT_EQ(server_.runs[id_].tries, 1) << "the same bytes are not tried again";
}

TEST_F(AirflowDropTest, ARunThatFailedForAnotherReasonIsTriedAgainTheNextTime) {
  server_.script = {"running", "failed"};
  server_.tasks = {{{"task_id", "etl"}, {"state", "failed"}, {"end_date", "2026-01-01"}}};
  server_.pushed["etl"] = Report("failed", "the bucket is away");
  const DropVerdict first = Handle();
  EXPECT_EQ(first.status.code(), Code::kUnavailable);
  EXPECT_THAT(first.status.message(), AllOf(HasSubstr("failed in task etl"), HasSubstr("the bucket is away"),
                                            HasSubstr("/dags/ingest/grid?dag_run_id=" + id_)));
  EXPECT_FALSE(IsFilesFault(first.status));
  EXPECT_TRUE(fs::exists(Lent())) << "for the next try";
  server_.tasks = {{{"task_id", "etl"}, {"state", "success"}, {"end_date", "2026-01-02"}}};
  server_.pushed["etl"] = Report("processed", "stored");
  EXPECT_TRUE(Handle().status.ok());
  EXPECT_EQ(server_.runs[id_].tries, 2);
}

TEST_F(AirflowDropTest, ASecondFailureInOneCallIsLeftForLater) {
  server_.runs[id_] = {{}, {"failed"}, 1};
  server_.second = {"running", "failed"};
  server_.tasks = Json::array();
  const DropVerdict verdict = Handle();
  EXPECT_EQ(verdict.status.code(), Code::kUnavailable);
  EXPECT_EQ(server_.runs[id_].tries, 2);
}

TEST_F(AirflowDropTest, ADagOfTheUsersOwnNeedsToPushNothing) {
  const DropVerdict verdict = Handle();
  ASSERT_TRUE(verdict.status.ok());
  EXPECT_EQ(verdict.report["outcome"], "processed");
  EXPECT_EQ(verdict.report["files"][0], "export 1.csv");
  server_.pushed["etl"] = "[1, 2";  // or something else
  EXPECT_TRUE(Handle().status.ok());
}

TEST(DropReport, IsReadBackAndNothingElseIs) {
  const DropReport report = {{{"outcome", "processed"}, {"files", {"a"}}}, "long", "short"};
  const auto again = ParseDropReport(DropReportLine(report));
  ASSERT_TRUE(again);
  EXPECT_EQ(again->report, report.report);
  EXPECT_EQ(again->text, "long");
  EXPECT_EQ(again->summary, "short");
  const std::string deep(100'000, '[');
  for (const std::string& other :
       {std::string(), std::string("[]"), std::string(R"({"report":{},"text":"","summary":""})"),
        std::string(R"({"report":{"outcome":1},"text":"","summary":""})"), deep,
        R"({"report":{"outcome":"x","a":)" + deep + std::string(100'000, ']') +
            R"(},"text":"","summary":""})"}) {
    EXPECT_FALSE(ParseDropReport(other)) << other.substr(0, 60);
  }
}

TEST_F(AirflowDropTest, ASetIsLentAsAFolder) {
  std::ofstream(folder_ / ".work" / "b.xlsx") << "b";
  const DropVerdict verdict = Make().Handle({file_, folder_ / ".work" / "b.xlsx"}, {"export 1.csv", "b.xlsx"},
                                            digest_, [] { return Status::Ok(); });
  ASSERT_TRUE(verdict.status.ok());
  EXPECT_EQ(server_.runs["workbooks-aaaaaaaaaaaa"].conf["source_path"], ".airflow/workbooks-aaaaaaaaaaaa");
}

TEST_F(AirflowDropTest, WhatIsWrongWithAirflowIsSaidAndIsNoFaultOfTheFile) {
  const auto said = [&](AirflowDrop drop) {
    const DropVerdict verdict = Handle(std::move(drop));
    EXPECT_EQ(verdict.status.code(), Code::kUnavailable);
    return verdict.status.message();
  };
  EXPECT_THAT(said(Make("ingset")), AllOf(HasSubstr("ingset"), HasSubstr("ingest, train")));
  EXPECT_THAT(said(Make("ingest", "wrong")),
              AllOf(HasSubstr("refuses user 'admin'"), HasSubstr("AIRFLOW_ADMIN_PASSWORD"),
                    ::testing::Not(HasSubstr("wrong"))));
  server_.paused = true;
  EXPECT_THAT(said(Make()), HasSubstr("DAG 'ingest' is paused"));
  EXPECT_THAT(server_.runs, IsEmpty()) << "nothing is started that would only wait";
  server_.paused = false;
  server_.script = {"sleeping"};
  EXPECT_THAT(said(Make()), HasSubstr("known: queued, running, success, failed"));
  server_.url = "http://127.0.0.1:1";
  EXPECT_THAT(said(Make()), HasSubstr("127.0.0.1:1"));
  EXPECT_EQ(Make().Prepare().code(), Code::kUnavailable);
  EXPECT_TRUE(fs::exists(Lent())) << "who knows what Airflow does with it";
}

TEST_F(AirflowDropTest, AFileThatChangedIsNotHandedOver) {
  const DropVerdict verdict =
      Make().Handle({file_}, {"export 1.csv"}, digest_, [] { return Status::Busy("changed"); });
  EXPECT_EQ(verdict.status.code(), Code::kBusy);
  EXPECT_THAT(server_.runs, IsEmpty());
}

TEST(Airflow, SettingsThatCannotWorkAreToldAtTheStart) {
  const auto said = [](const std::string& url, const std::string& user, const std::string& dag) {
    AirflowOptions options;
    options.url = url;
    options.user = user;
    options.password = "p";
    options.dag = dag;
    const auto made = Airflow::Make(options);
    EXPECT_FALSE(made.ok());
    return made.ok() ? "" : made.message();
  };
  EXPECT_THAT(said("airflow:8080", "admin", "d"), HasSubstr("http://host:8080"));
  EXPECT_THAT(said("http://", "admin", "d"), HasSubstr("http://host:8080"));
  EXPECT_THAT(said("http://u:p@host:8080", "admin", "d"), HasSubstr("AIRFLOW_ADMIN_PASSWORD"));
  EXPECT_THAT(said("http://host:8080", "", "d"), HasSubstr("AIRFLOW_ADMIN_USER"));
  EXPECT_THAT(said("http://host:8080", "admin", ""), HasSubstr("INGEST_DAG_ID"));
}

}  // namespace
}  // namespace forewarn
