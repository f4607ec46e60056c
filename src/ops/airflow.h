// Airflow: one DAG of an Airflow 2 server, over its stable REST interface (/api/v1): runs started under an id
// that the caller chooses, which makes a second start of the same work no second run; their state, what their
// tasks left behind, and another try of a run that failed. The user's name goes by the Basic scheme, which
// the server must allow (auth_backends). Blocks on the network; any thread.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "core/status.h"
#include "http/client.h"

namespace forewarn {

struct AirflowOptions {
  std::string url;  // "http://host:8080", with a path where the server has one
  std::string user;
  std::string password;
  std::string dag;
  http::ClientOptions http;
};

enum class AirflowState { kQueued, kRunning, kSuccess, kFailed };

struct AirflowTask {
  std::string id;
  std::string state;  // Airflow's word; "" before it is scheduled
  std::string ended;  // ISO 8601; "" before its end
};

class Airflow {
 public:
  // kUsage: no http address, credentials in it, no user, or an empty DAG.
  static Result<Airflow> Make(AirflowOptions options);

  // kUnavailable throughout: the server is away or ill, refuses the user, is no Airflow 2, knows no such DAG
  // (those it knows are listed), or the DAG is paused. Never a fault of the work.
  Status Check() const;
  // True: a new run; false: one of that id is there.
  Result<bool> Start(const std::string& run_id, const nlohmann::json& conf) const;
  // Nothing where there is no such run.
  Result<std::optional<AirflowState>> StateOf(const std::string& run_id) const;
  // The run's failed tasks, and those behind them, are tried again in the same run.
  Status TryAgain(const std::string& run_id) const;
  Result<std::vector<AirflowTask>> TasksOf(const std::string& run_id) const;
  // A text that a task pushed as an XCom; nothing where it pushed none.
  Result<std::optional<std::string>> Pushed(const std::string& run_id, const std::string& task,
                                            const std::string& key) const;

  const std::string& dag() const { return options_.dag; }
  std::string PageOf(const std::string& run_id) const;  // where a person looks at it

 private:
  explicit Airflow(AirflowOptions options);
  std::string DagPath() const;
  std::string RunPath(const std::string& run_id) const;
  // `path` below /api/v1. A reply of 404 or 409 is for the caller; other failures are not.
  Result<http::ClientReply> Send(http::Method method, const std::string& path,
                                 const nlohmann::json& body = nullptr) const;
  Result<nlohmann::json> Get(const std::string& path) const;

  AirflowOptions options_;
  http::Client client_;
};

}  // namespace forewarn
