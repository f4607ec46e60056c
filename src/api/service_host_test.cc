#include "api/service_host.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <thread>

#include "api/api_test_models.h"
#include "core/file.h"
#include "http/client.h"
#include "http/parameters.h"
#include "http/raw_client.h"
#include "http/router.h"
#include "plant/plant_file.h"
#include "registry/local_registry.h"

namespace forewarn::api_test {
namespace service_host_test {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class HostTest : public ::testing::Test {
 protected:
  HostTest() {
    plant_ = std::move(
        *LoadPlantFile(std::filesystem::path(FOREWARN_SOURCE_DIR) / "plants" / "gas-treatment.toml"));
    const auto registry = LocalRegistry::Open(folder_.path() / "registry");
    AddAll(**registry, plant_);
  }

  HostOptions Options() const {
    HostOptions options;
    options.plant = plant_;
    options.server.io_threads = 1;
    options.service_token = std::string(32, 's');
    options.token_secret = std::string(32, 't');
    options.simulated.past_hours = 100;
    options.simulated.seconds_per_hour = 0.2;
    options.store.url = "sqlite:" + (folder_.path() / "accounts.db").string();
    return options;
  }
  HostOptions Behind() const {  // sensors and inference
    HostOptions options = Options();
    options.sensors = options.inference = ListenAt{};
    options.registry = std::move(*LocalRegistry::Open(folder_.path() / "registry"));
    return options;
  }
  HostOptions InFront(const ServiceHost& behind) const {  // the gateway alone
    HostOptions options = Options();
    options.gateway = ListenAt{};
    options.sensors_url = Url(behind, Service::kSensors);
    options.inference_url = Url(behind, Service::kInference);
    return options;
  }
  static std::string Url(const ServiceHost& host, Service service) {
    return "http://127.0.0.1:" + std::to_string(host.port(service));
  }
  static std::unique_ptr<ServiceHost> Start(HostOptions options) {
    auto host = ServiceHost::Start(std::move(options));
    EXPECT_TRUE(host.ok()) << (host.ok() ? "" : host.message());
    return host.ok() ? std::move(*host) : nullptr;
  }

  // A client signed in at the gateway.
  static http::Client SignIn(const ServiceHost& host, std::string* url) {
    *url = Url(host, Service::kGateway);
    const auto reply =
        http::Client().PostJson(*url + "/auth/register", R"({"username":"ada","password":"correct horse"})");
    EXPECT_EQ(reply->status, 200) << reply->body;
    http::ClientOptions options;
    options.bearer = json::parse(reply->body)["access_token"];
    return http::Client(options);
  }
  static bool Ready(const std::string& url) {
    const auto reply = http::Client().Get(url + "/ready");
    return reply.ok() && reply->status == 200;
  }

  std::string PresetBody() const {
    json features = json::object();
    for (const auto& [name, value] : plant_.presets.predict.at(0).features) features[name] = value;
    return json{{"features", features}}.dump();
  }

  ScratchFolder folder_;
  Plant plant_;
};

TEST_F(HostTest, OneProcessServesAllThree) {
  HostOptions options = Behind();
  options.gateway = ListenAt{};
  const auto host = Start(std::move(options));
  ASSERT_NE(host, nullptr);
  std::string url;
  const http::Client client = SignIn(*host, &url);
  while (!Ready(url)) std::this_thread::yield();
  const auto predicted = client.PostJson(url + "/infer/predict", PresetBody());
  EXPECT_EQ(predicted->status, 200) << predicted->body;
  const auto made = client.PostJson(url + "/infer/auto", "");
  EXPECT_EQ(made->status, 200) << made->body;
  EXPECT_EQ(json::parse(client.Get(url + "/history")->body).size(), 2U);
  EXPECT_EQ(client.Get(Url(*host, Service::kSensors) + "/sensors/live")->status, 200);
  EXPECT_THAT(client.Get(url + "/metrics")->body, HasSubstr("http_requests_total"));
}

TEST_F(HostTest, TheGatewayAloneReachesTheOthersOverHttp) {
  const auto behind = Start(Behind());
  const auto front = Start(InFront(*behind));
  ASSERT_NE(front, nullptr);
  std::string url;
  const http::Client client = SignIn(*front, &url);
  while (!Ready(url)) std::this_thread::yield();
  const auto predicted = client.PostJson(url + "/infer/predict", PresetBody());
  ASSERT_EQ(predicted->status, 200) << predicted->body;
  const auto direct = client.PostJson(Url(*behind, Service::kInference) + "/predict", PresetBody());
  EXPECT_EQ(json::parse(predicted->body)["risk_score"], json::parse(direct->body)["risk_score"]);
  EXPECT_EQ(client.PostJson(url + "/infer/auto", "")->status, 200);
  EXPECT_EQ(json::parse(client.Get(url + "/sensors/history?n=20")->body)["count"], 20);
  EXPECT_EQ(client.PostJson(url + "/scenarios/activate", R"({"name":"level_swing"})")->status, 200);
  EXPECT_EQ(json::parse(client.Get(url + "/scenarios")->body)["active"], "level_swing");
  EXPECT_EQ(client.PostJson(url + "/scenarios/activate", R"({"name":"x"})")->status, 404);
  // Live: what the sensors service streams arrives, and the watch follows it.
  const size_t before = json::parse(client.Get(url + "/risk")->body)["count"];
  while (json::parse(client.Get(url + "/risk")->body)["count"] <= before) std::this_thread::yield();
}

// Fault 15: an upstream's error arrives once, with the caller's pointers.
TEST_F(HostTest, FaultsComeBackFromTheServiceBehind) {
  const auto behind = Start(Behind());
  const auto front = Start(InFront(*behind));
  std::string url;
  const http::Client client = SignIn(*front, &url);
  const auto reply = client.PostJson(url + "/infer/predict", R"({"features":{"te301020":"107"}})");
  EXPECT_EQ(reply->status, 422);
  const json problem = json::parse(reply->body);
  EXPECT_EQ(problem["errors"][0]["pointer"], "/features/te301020");
  EXPECT_EQ(problem["detail"], "/features/te301020 must be a number, not a text");
  EXPECT_EQ(client.PostJson(url + "/infer/predict", "{")->status, 400);
  EXPECT_EQ(json::parse(client.Get(url + "/history")->body).size(), 0U);
}

TEST_F(HostTest, AServiceThatIsAwayIs502InWordsAndComesBack) {
  auto behind = Start(Behind());
  HostOptions same_ports = Behind();
  same_ports.sensors->port = behind->port(Service::kSensors);
  same_ports.inference->port = behind->port(Service::kInference);
  const auto front = Start(InFront(*behind));
  std::string url;
  const http::Client client = SignIn(*front, &url);
  behind.reset();
  for (const char* path : {"/sensors/live", "/scenarios", "/models", "/infer/global_importance", "/plant"}) {
    const auto reply = client.Get(url + path);
    EXPECT_EQ(reply->status, 502) << path;
    EXPECT_THAT(json::parse(reply->body)["detail"].get<std::string>(), HasSubstr("no answer from the"))
        << path;
  }
  for (const char* path : {"/infer/predict", "/infer/auto"}) {
    EXPECT_EQ(client.PostJson(url + path, PresetBody())->status, 502) << path;
  }
  EXPECT_EQ(client.Get(url + "/history")->status, 200) << "one's own history is here";
  behind = Start(std::move(same_ports));
  ASSERT_NE(behind, nullptr);
  while (client.PostJson(url + "/infer/predict", PresetBody())->status != 200) std::this_thread::yield();
  while (!Ready(url)) std::this_thread::yield();
}

// A service behind that answers nonsense is no fault of the caller's.
TEST_F(HostTest, NonsenseFromBehindIs502) {
  auto router = std::make_shared<http::Router>();
  for (const char* path : {"/predict", "/forecast"}) {
    router->Add(http::Method::kPost, path,
                http::Inline{[](const http::Request&) { return http::Json(200, R"({"risk":"high"})"); }});
  }
  router->Add(http::Method::kGet, "/models",
              http::Inline{[](const http::Request&) { return http::Text(500, "Traceback (most recent …"); }});
  http::Server nonsense;
  const uint16_t port = *nonsense.Listen("127.0.0.1", 0, router);
  ASSERT_TRUE(nonsense.Start().ok());
  const auto behind = Start(Behind());
  HostOptions options = InFront(*behind);
  options.inference_url = "http://127.0.0.1:" + std::to_string(port);
  const auto front = Start(std::move(options));
  std::string url;
  const http::Client client = SignIn(*front, &url);
  EXPECT_EQ(client.PostJson(url + "/infer/predict", PresetBody())->status, 502);
  const auto models = client.Get(url + "/models");
  EXPECT_EQ(models->status, 502);
  EXPECT_THAT(models->body, ::testing::Not(HasSubstr("Traceback")));
  nonsense.Stop();
}

TEST_F(HostTest, ListeningWideNeedsTheTokenThatTheGatewaySends) {
  HostOptions wide = Behind();
  wide.sensors->address = wide.inference->address = "0.0.0.0";
  const auto behind = Start(std::move(wide));
  ASSERT_NE(behind, nullptr);
  EXPECT_EQ(http::Client().Get(Url(*behind, Service::kSensors) + "/sensors/live")->status, 401);
  EXPECT_EQ(http::Client().Get(Url(*behind, Service::kInference) + "/models")->status, 401);
  EXPECT_EQ(http::Client().Get(Url(*behind, Service::kInference) + "/ready")->status, 200);
  const auto front = Start(InFront(*behind));
  std::string url;
  const http::Client client = SignIn(*front, &url);
  EXPECT_EQ(client.Get(url + "/sensors/live")->status, 200);
  EXPECT_EQ(client.PostJson(url + "/infer/predict", PresetBody())->status, 200);
  // A signed-in user's token opens them too: the secret is shared.
  EXPECT_EQ(client.Get(Url(*behind, Service::kInference) + "/models")->status, 200);
}

TEST_F(HostTest, APortThatIsTakenIsToldByTheService) {
  const auto first = Start(Behind());
  HostOptions second = Behind();
  second.sensors->port = first->port(Service::kSensors);
  const auto host = ServiceHost::Start(std::move(second));
  ASSERT_FALSE(host.ok());
  EXPECT_THAT(host.message(), HasSubstr("the sensors service"));
  EXPECT_THAT(host.message(), HasSubstr(std::to_string(first->port(Service::kSensors))));
}

TEST_F(HostTest, PreparingIsToldByReady) {
  HostOptions options = Behind();
  options.preparing = [] { return Readiness{false, 0.4, "training the first models"}; };
  const auto host = Start(std::move(options));
  const auto reply =
      http::Client(http::ClientOptions{.retries = 0}).Get(Url(*host, Service::kInference) + "/ready");
  EXPECT_EQ(reply->status, 503);
  EXPECT_EQ(json::parse(reply->body)["progress"], 0.4);
  EXPECT_EQ(json::parse(reply->body)["stage"], "training the first models");
}

TEST_F(HostTest, ThePageIsServedWithValidatorsAndCompressed) {
  const auto page = folder_.path() / "ui";
  ASSERT_TRUE(MakeFolders(page / "assets").ok());
  ASSERT_TRUE(WriteFileAtomic(page / "index.html", "<!doctype html><title>Forewarn</title>").ok());
  ASSERT_TRUE(WriteFileAtomic(page / "assets" / "app-1a2b.js", std::string(5000, ' ') + "start();").ok());
  HostOptions options = Behind();
  options.gateway = ListenAt{};
  options.page = page;
  const auto host = Start(std::move(options));
  http::RawClient client(host->port(Service::kGateway));
  const http::RawReply index = client.Ask(http::RawRequest("GET", "/"));
  EXPECT_EQ(index.status, 200);
  EXPECT_EQ(index.Header("Cache-Control"), "no-cache");
  EXPECT_THAT(index.Header("Content-Security-Policy"), HasSubstr("script-src 'self'; style-src 'self';"));
  EXPECT_EQ(
      client.Ask(http::RawRequest("GET", "/", "", "If-None-Match: " + index.Header("ETag") + "\r\n")).status,
      304);
  const http::RawReply script =
      client.Ask(http::RawRequest("GET", "/assets/app-1a2b.js", "", "Accept-Encoding: br, gzip\r\n"));
  EXPECT_EQ(script.Header("Content-Encoding"), "gzip");
  EXPECT_THAT(script.Header("Cache-Control"), HasSubstr("immutable"));
  EXPECT_LT(script.body.size(), 200U);
  EXPECT_EQ(client.Ask(http::RawRequest("GET", "/assets/app-1a2b.js")).body.size(), 5008U);
  for (const char* wrong :
       {"/assets/none.js", "/assets/../index.html", "/assets/%2e%2e/index.html", "/assets/"}) {
    EXPECT_EQ(http::RawClient(host->port(Service::kGateway)).Ask(http::RawRequest("GET", wrong)).status / 100,
              4)
        << wrong;
  }
}

TEST_F(HostTest, TheWatchGoesOnWhereItWasAfterARestart) {
  HostOptions options = Behind();
  options.gateway = ListenAt{};
  options.simulated.folder = folder_.path() / "plant";
  std::string url;
  json before;
  {
    const auto host = Start(std::move(options));
    const http::Client client = SignIn(*host, &url);
    const size_t start = json::parse(client.Get(url + "/risk")->body)["count"];
    do {
      before = json::parse(client.Get(url + "/risk?limit=2000")->body);
    } while (before["count"] < start + 3);
  }
  HostOptions again = Behind();
  again.gateway = ListenAt{};
  again.simulated.folder = folder_.path() / "plant";
  const auto host = Start(std::move(again));
  ASSERT_NE(host, nullptr);
  url = Url(*host, Service::kGateway);
  http::ClientOptions signed_in;
  const auto login = http::Client().Send({.method = http::Method::kPost,
                                          .url = url + "/auth/login",
                                          .body = "username=ada&password=correct+horse",
                                          .content_type = "application/x-www-form-urlencoded",
                                          .headers = {}});
  ASSERT_EQ(login->status, 200) << login->body;
  signed_in.bearer = json::parse(login->body)["access_token"];
  const http::Client client(signed_in);
  const json after = json::parse(client.Get(url + "/risk?limit=2000")->body);
  std::map<std::string, json> points;
  for (const json& point : after["points"]) points[point["timestamp"]] = point;
  EXPECT_EQ(points.size(), after["count"].get<size_t>()) << "no hour twice";
  for (const json& point : before["points"]) {
    // What was looked at from the buffer only is looked at again, as far as the buffer goes.
    if (point["replayed"] == true) continue;
    EXPECT_EQ(points.count(point["timestamp"]), 1U) << point["timestamp"];
  }
}

}  // namespace
}  // namespace service_host_test
}  // namespace forewarn::api_test
