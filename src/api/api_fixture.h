// For tests: the three services over one plant, in one process, as `forewarn up` wires them: a simulated
// plant that steps when told, a local registry of random models, a SQLite store. Requests go straight to the
// routers, or through a server on free ports of loopback (Serve).
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "accounts/sign_in.h"
#include "accounts/store.h"
#include "api/api_test_models.h"
#include "api/gateway_api.h"
#include "api/inference_api.h"
#include "api/schema_check.h"
#include "api/sensors_api.h"
#include "api/warning_log.h"
#include "core/file.h"
#include "http/server.h"
#include "live/plant_pace.h"
#include "live/simulated_plant.h"
#include "plant/plant_file.h"
#include "registry/local_registry.h"

namespace forewarn::api_test {

struct Reply {
  int status = 0;
  std::string content_type;
  std::string body;
  std::vector<http::Field> headers;

  Json json() const { return Json::parse(body, nullptr, false); }
  std::string Header(const std::string& name) const {
    for (const http::Field& field : headers) {
      if (field.name == name) return field.value;
    }
    return "";
  }
  // Pointers of a problem's errors.
  std::vector<std::string> Pointers() const {
    std::vector<std::string> out;
    for (const Json& error : json().value("errors", Json::array()))
      out.push_back(error.value("pointer", "?"));
    return out;
  }
};

// Headers as "Name: value".
using Headers = std::vector<std::string>;

inline http::Request MakeRequest(std::string_view method, const std::string& target, const std::string& body,
                                 const Headers& headers) {
  http::Request request;
  request.method = http::MethodOf(method);
  request.target = target;
  request.body = body;
  request.remote = "192.0.2.7";
  for (const std::string& header : headers) {
    const size_t colon = header.find(": ");
    request.fields.Add(header.substr(0, colon), header.substr(colon + 2));
  }
  if (!body.empty() && request.Header("Content-Type").empty()) {
    request.fields.Add("Content-Type", "application/json");
  }
  return request;
}

class ServicesTest : public ::testing::Test {
 protected:
  struct Mounted {
    http::Metrics metrics;
    std::shared_ptr<http::Router> router = std::make_shared<http::Router>();
    std::unique_ptr<SchemaCheck> schema;
    Json document;
  };

  void SetUp() override { Begin(true); }

  void Begin(bool with_models) {
    auto plant = LoadPlantFile(std::filesystem::path(FOREWARN_SOURCE_DIR) / "plants" / "gas-treatment.toml");
    ASSERT_TRUE(plant.ok()) << plant.message();
    plant_ = std::move(*plant);
    registry_ = std::move(*LocalRegistry::Open(folder_.path() / "registry"));
    engine_ = std::make_unique<ScoringEngine>(plant_, EngineOptions{});
    if (with_models) AddAll(*registry_, plant_);
    ASSERT_TRUE(engine_->Reload(*registry_).ok());
    SimulatedPlantOptions options;
    options.past_hours = 120;
    auto source = SimulatedPlant::Open(plant_, options, MakeFreePace());
    ASSERT_TRUE(source.ok()) << source.message();
    source_ = std::move(*source);
    auto store = OpenStore({.url = "sqlite:" + (folder_.path() / "accounts.db").string()});
    ASSERT_TRUE(store.ok()) << store.message();
    store_ = std::move(*store);
    scorer_ = MakeEngineScorer(engine_.get(), {});
    BeginGateway();
    BeforeMount();
    Mount();
  }
  virtual void BeforeMount() {}

  void BeginGateway() {
    const auto zone = PlantZone::Find(plant_);
    ASSERT_TRUE(zone.ok());
    PasswordHasher::Options hashing;
    hashing.cost = {1, 8192};
    sign_in_ = std::make_unique<SignIn>(*store_, *TokenKey::FromSecret(std::string(32, 'k')), hashing,
                                        sign_in_options_, clock_);
    log_ = std::make_unique<StoreWarningLog>(store_.get(), *zone, clock_);
    feed_ = std::make_unique<LiveFeed>(store_.get(), *zone);
    auto monitor = Monitor::Make(plant_, source_.get(), scorer_.get(), log_.get(), feed_.get());
    ASSERT_TRUE(monitor.ok()) << monitor.message();
    monitor_ = std::move(*monitor);
  }

  void Mount() {
    auto sensors = SensorsApi::Make(plant_, source_.get(), &sensors_.metrics, sensors_options_);
    ASSERT_TRUE(sensors.ok()) << sensors.message();
    sensors_api_ = std::move(*sensors);
    sensors_api_->Mount(*sensors_.router);
    inference_options_.embedded_registry = registry_.get();
    auto inference = InferenceApi::Make(engine_.get(), &inference_.metrics, inference_options_);
    ASSERT_TRUE(inference.ok()) << inference.message();
    inference_api_ = std::move(*inference);
    inference_api_->Mount(*inference_.router);
    GatewayParts parts;
    parts.plant = &plant_;
    parts.store = store_.get();
    parts.sign_in = sign_in_.get();
    parts.source = source_.get();
    parts.scorer = scorer_.get();
    parts.monitor = monitor_.get();
    parts.feed = feed_.get();
    parts.metrics = &gateway_.metrics;
    parts.run_log = run_log_.get();
    gateway_options_.clock = clock_;
    auto gateway = GatewayApi::Make(parts, gateway_options_);
    ASSERT_TRUE(gateway.ok()) << gateway.message();
    gateway_api_ = std::move(*gateway);
    gateway_api_->Mount(*gateway_.router);
  }

  // The reply, checked against the service's own document.
  Reply Ask(Mounted& service, const std::string& method, const std::string& target,
            const std::string& body = "", const Headers& headers = {}) {
    const http::Response response = service.router->Dispatch(MakeRequest(method, target, body, headers));
    Reply reply{response.status, response.content_type, response.body, response.headers};
    if (reply.body.empty()) reply.body = response.static_body;
    while (response.pull) {
      std::string chunk;
      EXPECT_TRUE(response.pull(&chunk).ok());
      if (chunk.empty()) break;
      reply.body += chunk;
    }
    CheckAgainstDocument(service, method, target, reply);
    return reply;
  }
  Reply Gateway(const std::string& method, const std::string& target, const std::string& body = "",
                Headers headers = {}) {
    if (!token_.empty()) headers.push_back("Authorization: Bearer " + token_);
    return Ask(gateway_, method, target, body, headers);
  }
  Reply Inference(const std::string& method, const std::string& target, const std::string& body = "") {
    return Ask(inference_, method, target, body);
  }
  Reply Sensors(const std::string& method, const std::string& target, const std::string& body = "") {
    return Ask(sensors_, method, target, body);
  }

  // Registers, and is signed in by its token from here on.
  void SignInAs(const std::string& name) {
    token_.clear();
    const Reply reply =
        Gateway("POST", "/auth/register", R"({"username":")" + name + R"(","password":"correct horse"})");
    ASSERT_EQ(reply.status, 200) << reply.body;
    token_ = reply.json()["access_token"];
  }

  void StepHours(int hours) {
    const auto closed = [&] { return (*source_->History(1)).back()->time; };
    for (int i = 0; i < hours; ++i) {
      const PlantTime before = closed();
      while (closed() == before) ASSERT_TRUE(source_->Step().ok());
    }
    ASSERT_TRUE(monitor_->CatchUp().ok());
  }

  std::string PresetBody(size_t i) const {
    Json features = Json::object();
    for (const auto& [name, value] : plant_.presets.predict.at(i).features) features[name] = value;
    return Json{{"features", features}}.dump();
  }
  std::string WindowBody(double horizon, size_t i = 0) const {
    const std::vector<std::string> sensors = plant_.Sensors();
    Json rows = Json::array();
    for (const std::vector<double>& values : plant_.presets.forecast.at(i).rows) {
      Json row = Json::object();
      for (size_t s = 0; s < sensors.size(); ++s) row[sensors[s]] = values[s];
      rows.push_back(row);
    }
    return Json{{"horizon", horizon}, {"recent_observations", rows}}.dump();
  }
  double Metric(Mounted& service, const std::string& line) {
    const std::string text = "\n" + Ask(service, "GET", "/metrics").body;
    const size_t at = text.find("\n" + line + " ");
    return at == std::string::npos ? -1 : std::stod(text.substr(at + line.size() + 2));
  }

  int64_t now_us_ = 1767600000000000;
  WallClock clock_ = [this] { return now_us_; };
  SignInOptions sign_in_options_;
  SensorsOptions sensors_options_;
  InferenceOptions inference_options_;
  GatewayOptions gateway_options_;
  ScratchFolder folder_;
  Plant plant_;
  std::unique_ptr<Registry> registry_;
  std::unique_ptr<ScoringEngine> engine_;
  std::unique_ptr<SimulatedPlant> source_;
  std::unique_ptr<Store> store_;
  std::unique_ptr<Scorer> scorer_;
  std::unique_ptr<SignIn> sign_in_;
  std::unique_ptr<StoreWarningLog> log_;
  std::unique_ptr<LiveFeed> feed_;
  std::unique_ptr<RunLog> run_log_;
  std::unique_ptr<Monitor> monitor_;
  Mounted sensors_, inference_, gateway_;
  std::unique_ptr<SensorsApi> sensors_api_;
  std::unique_ptr<InferenceApi> inference_api_;
  std::unique_ptr<GatewayApi> gateway_api_;
  std::string token_;

 private:
  static void CheckAgainstDocument(Mounted& service, std::string method, const std::string& target,
                                   const Reply& reply) {
    if (service.schema == nullptr) {
      http::Request request = MakeRequest("GET", "/openapi.json", "", {});
      const http::Response response = service.router->Dispatch(std::move(request));
      if (response.status != 200) return;  // guarded
      service.document = Json::parse(response.static_body);
      service.schema = std::make_unique<SchemaCheck>(service.document);
    }
    http::Request request = MakeRequest(method, target, "", {});
    request.path = target.substr(0, target.find('?'));
    const http::Router::Match match = service.router->Find(request);
    if (match.route == nullptr) return;  // 404, 405: not of an operation
    std::transform(method.begin(), method.end(), method.begin(), [](char c) { return std::tolower(c); });
    std::string pattern = match.route->pattern;
    if (const size_t rest = pattern.find("...}"); rest != std::string::npos) pattern.erase(rest, 3);
    EXPECT_EQ(service.schema->CheckReply(pattern, method, reply.status, reply.content_type, reply.body), "")
        << method << " " << target;
  }
};

// The three services over sockets, on free ports.
class ServedTest : public ServicesTest {
 protected:
  void Serve(int io_threads = 2) {
    http::ServerOptions options;
    options.io_threads = io_threads;
    server_ = std::make_unique<http::Server>(options);
    for (const auto& [service, port] :
         {std::pair(&sensors_, &sensors_port_), std::pair(&inference_, &inference_port_),
          std::pair(&gateway_, &gateway_port_)}) {
      const auto bound = server_->Listen("127.0.0.1", 0, service->router);
      ASSERT_TRUE(bound.ok()) << bound.message();
      *port = *bound;
    }
    ASSERT_TRUE(server_->Start().ok());
  }
  std::string Url(uint16_t port) const { return "http://127.0.0.1:" + std::to_string(port); }
  void TearDown() override {
    if (server_) server_->Stop();
  }

  std::unique_ptr<http::Server> server_;
  uint16_t sensors_port_ = 0, inference_port_ = 0, gateway_port_ = 0;
};

}  // namespace forewarn::api_test
