#include "ops/airflow.h"

#include <fmt/format.h>

#include "core/names.h"
#include "http/parameters.h"
#include "registry/json_fields.h"

namespace forewarn {
namespace {

using Json = nlohmann::json;

constexpr size_t kShownWords = 300;
constexpr int kMostListed = 100;

http::ClientOptions ClientOptionsOf(const AirflowOptions& options) {
  http::ClientOptions out = options.http;
  out.user = options.user;
  out.password = options.password;
  out.idempotent = true;  // a run's id makes its start one, and a second "try again" finds nothing to clear
  return out;
}

// Airflow's errors are {"title", "detail", "status", "type"}; a proxy before it may answer anything.
std::string WordsOf(const http::ClientReply& reply) {
  const Json body = Json::parse(reply.body, nullptr, false);
  std::string words = TextOf(body, "detail");
  if (words.empty()) words = TextOf(body, "title");
  return words.empty() ? fmt::format("status {}", reply.status) : words.substr(0, kShownWords);
}

}  // namespace

Airflow::Airflow(AirflowOptions options) : options_(std::move(options)), client_(ClientOptionsOf(options_)) {}

Result<Airflow> Airflow::Make(AirflowOptions options) {
  const size_t scheme = options.url.find("://");
  const std::string name = options.url.substr(0, scheme);
  if (scheme == std::string::npos || (name != "http" && name != "https") ||
      options.url.size() == scheme + 3) {
    return Status::Usage(
        fmt::format("Airflow's address '{}' (AIRFLOW_URL) is not of the form http://host:8080", options.url));
  }
  const size_t host = scheme + 3;
  if (options.url.substr(host, options.url.find('/', host) - host).find('@') != std::string::npos) {
    return Status::Usage(
        "Airflow's address (AIRFLOW_URL) holds no user and password; they are AIRFLOW_ADMIN_USER and "
        "AIRFLOW_ADMIN_PASSWORD");
  }
  if (options.user.empty() || options.password.empty()) {
    return Status::Usage("AIRFLOW_URL is set, and AIRFLOW_ADMIN_USER or AIRFLOW_ADMIN_PASSWORD is not");
  }
  if (options.dag.empty()) return Status::Usage("INGEST_DAG_ID is empty");
  while (options.url.ends_with('/')) options.url.pop_back();
  return Airflow(std::move(options));
}

std::string Airflow::DagPath() const { return "/dags/" + http::EncodePercent(options_.dag); }

std::string Airflow::RunPath(const std::string& run_id) const {
  return DagPath() + "/dagRuns/" + http::EncodePercent(run_id);
}

std::string Airflow::PageOf(const std::string& run_id) const {
  return options_.url + DagPath() + "/grid?dag_run_id=" + http::EncodePercent(run_id);
}

Result<http::ClientReply> Airflow::Send(http::Method method, const std::string& path,
                                        const Json& body) const {
  http::ClientRequest request;
  request.method = method;
  request.url = options_.url + "/api/v1" + path;
  request.headers.push_back({"Accept", "application/json"});
  if (!body.is_null()) {
    request.content_type = "application/json";
    request.body = body.dump(-1, ' ', true, Json::error_handler_t::replace);
  }
  Result<http::ClientReply> reply = client_.Send(request);
  if (!reply.ok()) return Status::Unavailable("Airflow: " + reply.message());
  const int status = reply->status;
  if ((status >= 200 && status <= 299) || status == 404 || status == 409) return reply;
  std::string words = fmt::format("Airflow at {}: {}", options_.url, WordsOf(*reply));
  if (status == 401 || status == 403) {
    words += fmt::format(
        "; it refuses user '{}': see AIRFLOW_ADMIN_USER and AIRFLOW_ADMIN_PASSWORD, and that its "
        "auth_backends have basic_auth",
        options_.user);
  }
  return Status::Unavailable(words);
}

Result<Json> Airflow::Get(const std::string& path) const {
  FW_ASSIGN_OR_RETURN(const http::ClientReply reply, Send(http::Method::kGet, path));
  Json body = reply.status == 404 ? Json() : Json::parse(reply.body, nullptr, false);
  if (reply.status != 404 && !body.is_object()) {
    return Status::Unavailable(
        fmt::format("Airflow at {}: its answer is not a JSON object; is it Airflow?", options_.url));
  }
  return body;
}

Status Airflow::Check() const {
  FW_ASSIGN_OR_RETURN(const Json dag, Get(DagPath()));
  if (TextOf(dag, "dag_id") == options_.dag) {
    if (!FlagOf(dag, "is_paused")) return Status::Ok();
    return Status::Unavailable(
        fmt::format("DAG '{}' is paused; unpause it at {}{}", options_.dag, options_.url, DagPath()));
  }
  FW_ASSIGN_OR_RETURN(const Json all, Get(fmt::format("/dags?limit={}", kMostListed)));
  if (!FieldOf(all, "dags").is_array()) {
    return Status::Unavailable(
        fmt::format("{} answers no /api/v1: an Airflow 2 is needed there (AIRFLOW_URL)", options_.url));
  }
  std::vector<std::string> known;
  for (const Json& one : FieldOf(all, "dags")) known.push_back(TextOf(one, "dag_id"));
  return Status::Unavailable("Airflow: " + UnknownName("DAG", options_.dag, known));
}

Result<bool> Airflow::Start(const std::string& run_id, const Json& conf) const {
  FW_ASSIGN_OR_RETURN(const http::ClientReply reply, Send(http::Method::kPost, DagPath() + "/dagRuns",
                                                          {{"dag_run_id", run_id}, {"conf", conf}}));
  if (reply.status == 404) {
    return Status::Unavailable(fmt::format("Airflow has no DAG '{}' any more", options_.dag));
  }
  return reply.status != 409;
}

Result<std::optional<AirflowState>> Airflow::StateOf(const std::string& run_id) const {
  FW_ASSIGN_OR_RETURN(const Json run, Get(RunPath(run_id)));
  if (run.is_null()) return std::optional<AirflowState>();
  const std::string state = TextOf(run, "state");
  if (state == "queued") return std::optional(AirflowState::kQueued);
  if (state == "running") return std::optional(AirflowState::kRunning);
  if (state == "success") return std::optional(AirflowState::kSuccess);
  if (state == "failed") return std::optional(AirflowState::kFailed);
  return Status::Unavailable(
      fmt::format("Airflow's run '{}' is in state '{}'; known: queued, running, success, failed", run_id,
                  state.substr(0, kShownWords)));
}

Status Airflow::TryAgain(const std::string& run_id) const {
  FW_ASSIGN_OR_RETURN(const http::ClientReply reply,
                      Send(http::Method::kPost, DagPath() + "/clearTaskInstances",
                           {{"dag_run_id", run_id},
                            {"dry_run", false},
                            {"only_failed", true},
                            {"only_running", false},
                            {"reset_dag_runs", true}}));
  if (reply.status == 200) return Status::Ok();
  return Status::Unavailable(fmt::format("Airflow: cannot try run '{}' again: {}", run_id, WordsOf(reply)));
}

Result<std::vector<AirflowTask>> Airflow::TasksOf(const std::string& run_id) const {
  FW_ASSIGN_OR_RETURN(const Json reply, Get(RunPath(run_id) + "/taskInstances"));
  std::vector<AirflowTask> tasks;
  const Json& listed = FieldOf(reply, "task_instances");
  if (!listed.is_array()) return tasks;
  for (const Json& task : listed) {
    tasks.push_back({TextOf(task, "task_id"), TextOf(task, "state"), TextOf(task, "end_date")});
  }
  return tasks;
}

Result<std::optional<std::string>> Airflow::Pushed(const std::string& run_id, const std::string& task,
                                                   const std::string& key) const {
  FW_ASSIGN_OR_RETURN(const Json entry,
                      Get(fmt::format("{}/taskInstances/{}/xcomEntries/{}", RunPath(run_id),
                                      http::EncodePercent(task), http::EncodePercent(key))));
  const Json& value = FieldOf(entry, "value");
  if (!value.is_string()) return std::optional<std::string>();
  return std::optional(value.get<std::string>());
}

}  // namespace forewarn
