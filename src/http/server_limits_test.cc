// What the server refuses and what it endures: malformed and oversized requests, slow and silent clients,
// more of them than it takes, and being stopped under way.
#include <array>
#include <atomic>
#include <thread>

#include "http/server_fixture.h"

namespace forewarn::http {
namespace {

using std::chrono::milliseconds;

class Limited : public ServerFixture {};

TEST_F(Limited, AmbiguousBodyLengths_AreRefused) {
  Start();
  const std::string post = "POST /small HTTP/1.1\r\nHost: t\r\n";
  for (const std::string& fields : {
           std::string("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
           std::string("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n"),
           std::string("Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello"),
           std::string("Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello"),
           std::string("Content-Length: 5, 5\r\n\r\nhello"),
           std::string("Content-Length: +5\r\n\r\nhello"),
           std::string("Content-Length: -5\r\n\r\nhello"),
           std::string("Content-Length: 0x5\r\n\r\nhello"),
           std::string("Content-Length: 99999999999999999999\r\n\r\nhello"),
           std::string("Content-Length : 5\r\n\r\nhello"),
           std::string("Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"),
           std::string("Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n"),
           std::string("Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n"),
           std::string("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
           std::string("Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n"),
           std::string("Transfer-Encoding: chunked\r\n\r\nzz\r\n\r\n"),
           std::string("Transfer-Encoding: chunked\r\n\r\n-1\r\n\r\n"),
           std::string("Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n\r\n"),
           std::string("Transfer-Encoding: chunked\r\n\r\n3\r\nabcX\r\n0\r\n\r\n"),
       }) {
    RawClient client(port_);
    // What hides behind must not be taken for a second request.
    const RawReply reply = client.Ask(post + fields + RawRequest("GET", "/health"));
    EXPECT_EQ(reply.status, 400) << fields;
    EXPECT_EQ(reply.Header("Connection"), "close") << fields;
    EXPECT_EQ(client.Read().status, 0) << fields;
  }
  EXPECT_EQ(Ask("POST /small HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n").status, 400);
  EXPECT_TRUE(Healthy());
}

TEST_F(Limited, MalformedHeads_AreRefused) {
  Start();
  using namespace std::string_literals;
  for (const std::string& bytes :
       {"nonsense\r\n\r\n"s, "GET\r\n\r\n"s, "GET /health\r\n\r\n"s,
        "GET /health HTTP/2.0\r\nHost: t\r\n\r\n"s, "GET /health HTTP/1.1\r\n\r\n"s,
        "GET /health HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"s,
        "GET /health HTTP/1.1\r\nHost: t\r\nBad Name: x\r\n\r\n"s,
        "GET /health HTTP/1.1\r\nHost: t\r\nX: a\0b\r\n\r\n"s,
        "GET /health HTTP/1.1\r\nHost: t\r\n: x\r\n\r\n"s,
        "GET /health HTTP/1.1\r\nHost: t\r\nno colon\r\n\r\n"s, "GET /he\0alth HTTP/1.1\r\nHost: t\r\n\r\n"s,
        "GET /health HTTP/1.1\nHost: t\n\n"s,
        "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"s + std::string(600, 'x'),
        "CONNECT a:443 HTTP/1.1\r\nHost: t\r\n\r\n"s, "GET a:443 HTTP/1.1\r\nHost: t\r\n\r\n"s}) {
    EXPECT_EQ(Ask(bytes).status, 400) << bytes.substr(0, 60);
  }
  for (const char* target : {"/%", "/%2", "/%zz", "/item/%00", "/%ff", "/%ed%a0%80", "/../etc/passwd",
                             "/%2e%2e/x", "/health?x=%00", "/health?x=%ff"}) {
    const RawReply reply = Ask(RawRequest("GET", target));
    EXPECT_EQ(reply.status, 400) << target;
    EXPECT_EQ(reply.Header("Content-Type"), "application/problem+json");
  }
  EXPECT_TRUE(Healthy());
}

TEST_F(Limited, LeadingEmptyLines_AreSkipped) {
  Start();
  EXPECT_EQ(Ask("\r\n\r\n" + RawRequest("GET", "/health")).status, 200);
}

TEST_F(Limited, HeadAndTarget_HaveLimits) {
  Start();
  EXPECT_EQ(Ask(RawRequest("GET", "/health", "", "X: " + std::string(20'000, 'x') + "\r\n")).status, 431);
  std::string many;
  for (int i = 0; i < 5000; ++i) many += "X" + std::to_string(i) + ": y\r\n";
  EXPECT_EQ(Ask(RawRequest("GET", "/health", "", many)).status, 431);
  EXPECT_EQ(Ask(RawRequest("GET", "/health?x=" + std::string(9000, 'x'))).status, 414);
  EXPECT_EQ(Ask(RawRequest("GET", "/" + std::string(1'000'000, 'x'))).status, 414);
  EXPECT_EQ(Ask(RawRequest("GET", "/health", "", "X: " + std::string(12'000, 'x') + "\r\n")).status, 200);
  EXPECT_EQ(Ask(RawRequest("GET", "/health?x=" + std::string(8000, 'x'))).status, 200);
}

TEST_F(Limited, LargeBody_Is413WithoutBeingRead) {
  Start();
  RawClient promised(port_);
  const RawReply reply =
      promised.Ask("POST /small HTTP/1.1\r\nHost: t\r\nContent-Length: 5000000000\r\n\r\nbegin");
  EXPECT_EQ(reply.status, 413);
  EXPECT_EQ(reply.Header("Connection"), "close");
  // One that goes on sending gets to see the answer all the same.
  EXPECT_EQ(Ask(RawRequest("POST", "/small", std::string(200'000, 'x'))).status, 413);
  std::string chunks = "POST /small HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (int i = 0; i < 11; ++i) chunks += "64\r\n" + std::string(100, 'x') + "\r\n";
  EXPECT_EQ(Ask(chunks + "0\r\n\r\n").status, 413);
  EXPECT_EQ(Ask(RawRequest("POST", "/small", std::string(1000, 'x'))).body, "1000");
  EXPECT_EQ(
      Ask("POST /small HTTP/1.1\r\nHost: t\r\nContent-Length: 1001\r\nExpect: 100-continue\r\n\r\n").status,
      413);
}

TEST_F(Limited, SlowHeadAndBody_Are408) {
  options_.head_timeout = milliseconds(100);
  options_.body_timeout = milliseconds(100);
  Start();
  EXPECT_EQ(Ask("GET /health HTTP/1.1\r\nHost: t\r\n").status, 408);
  EXPECT_EQ(Ask("POST /small HTTP/1.1\r\nHost: t\r\nContent-Length: 10\r\n\r\nhalf").status, 408);
  EXPECT_TRUE(Healthy());
}

TEST_F(Limited, DripFeeding_DoesNotExtendTheDeadline) {
  options_.head_timeout = milliseconds(200);
  Start();
  RawClient client(port_);
  client.Send("GET /health HTTP/1.1\r\n");
  std::atomic<bool> done{false};
  std::thread drip([&] {
    while (!done && client.Send("X: y\r\n")) std::this_thread::sleep_for(milliseconds(20));
  });
  EXPECT_EQ(client.Read().status, 408);
  done = true;
  drip.join();
}

TEST_F(Limited, IdleConnection_IsClosedInSilence) {
  options_.idle_timeout = milliseconds(100);
  Start();
  RawClient client(port_);
  EXPECT_EQ(client.Ask(RawRequest("GET", "/health")).status, 200);
  EXPECT_TRUE(client.AtEnd());
}

TEST_F(Limited, IdleDeadline_HoldsAfterASlowReplyToo) {
  options_.idle_timeout = milliseconds(100);
  router_->Add(Method::kGet, "/large",
               Inline{[](const Request&) { return Text(200, std::string(size_t{10} << 20, 'x')); }});
  Start();
  RawClient client(port_);
  EXPECT_TRUE(client.Ask(RawRequest("GET", "/large")).whole);
  EXPECT_TRUE(client.AtEnd());
}

TEST_F(Limited, ClientThatReadsNothing_IsCut) {
  options_.write_timeout = milliseconds(200);
  router_->Add(Method::kGet, "/large",
               Inline{[](const Request&) { return Text(200, std::string(size_t{40} << 20, 'x')); }});
  Start();
  RawClient client(port_);
  client.Send(RawRequest("GET", "/large"));
  ASSERT_TRUE(Eventually([&] { return server_->counts().accepted == 1; }));
  EXPECT_TRUE(Eventually([&] { return server_->counts().connections == 0; }));
}

TEST_F(Limited, ThousandIdleAndTwoHundredSlow_DoNoHarm) {
  Start();
  std::vector<std::unique_ptr<RawClient>> idle;
  for (int i = 0; i < 1000; ++i) idle.push_back(std::make_unique<RawClient>(port_));
  for (int i = 0; i < 200; ++i) {
    idle.push_back(std::make_unique<RawClient>(port_));
    ASSERT_TRUE(idle.back()->Send("GET /health HTTP/1.1\r\nHost: "));
  }
  ASSERT_TRUE(Eventually([&] { return server_->counts().connections >= 1200; }));
  RawClient busy(port_);
  for (int i = 0; i < 200; ++i) ASSERT_EQ(busy.Ask(RawRequest("GET", "/health")).status, 200);
  for (int i = 0; i < 1000; i += 100) EXPECT_EQ(idle[i]->Ask(RawRequest("GET", "/health")).status, 200);
  EXPECT_EQ(idle[1100]->Ask("t\r\n\r\n").status, 200);
}

TEST_F(Limited, TooManyConnections_Are503AtOnce) {
  options_.max_connections = 4;
  options_.crowded_idle_timeout = options_.idle_timeout;
  Start();
  std::vector<std::unique_ptr<RawClient>> taken;
  for (int i = 0; i < 4; ++i) {
    taken.push_back(std::make_unique<RawClient>(port_));
    ASSERT_EQ(taken.back()->Ask(RawRequest("GET", "/health")).status, 200);
  }
  RawClient extra(port_);
  const RawReply reply = extra.Read();
  EXPECT_EQ(reply.status, 503);
  EXPECT_NE(reply.Header("Retry-After"), "");
  EXPECT_GE(server_->counts().turned_away, 1u);
  taken.clear();
  extra.Close();
  EXPECT_TRUE(Eventually([&] { return Healthy(); }));
}

TEST_F(Limited, CrowdedServer_LetsIdleConnectionsGo) {
  options_.max_connections = 4;
  options_.crowded_idle_timeout = milliseconds(50);
  Start();
  std::vector<std::unique_ptr<RawClient>> idle;
  for (int i = 0; i < 4; ++i) idle.push_back(std::make_unique<RawClient>(port_));
  ASSERT_TRUE(Eventually([&] { return server_->counts().accepted >= 4; }));
  EXPECT_TRUE(Eventually([&] { return Healthy(); }));
}

TEST_F(Limited, FullPool_Is503AndInlineGoesOn) {
  options_.pool_threads = 1;
  options_.pool_queue = 2;
  Gate gate;
  router_->Add(Method::kGet, "/wait", Pooled{[&gate](const Request&) {
                 gate.Wait();
                 return Json(200, "{}");
               }});
  Start();
  std::vector<std::unique_ptr<RawClient>> waiting;
  const auto ask = [&] {
    waiting.push_back(std::make_unique<RawClient>(port_));
    waiting.back()->Send(RawRequest("GET", "/wait"));
  };
  ask();
  gate.AwaitWaiting(1);
  ask();
  ask();
  ASSERT_TRUE(Eventually([&] { return server_->counts().in_flight == 3; }));
  const RawReply refused = Ask(RawRequest("GET", "/wait"));
  EXPECT_EQ(refused.status, 503);
  EXPECT_NE(refused.Header("Retry-After"), "");
  EXPECT_TRUE(Healthy());
  gate.Open();
  for (auto& client : waiting) EXPECT_EQ(client->Read().status, 200);
}

TEST_F(Limited, TooManyUnansweredAsyncRequests_Are503) {
  options_.max_in_flight = 2;
  std::mutex mutex;
  std::vector<Responder> held;
  router_->Add(Method::kGet, "/later", Async{[&](Request, Responder respond) {
                 const std::lock_guard lock(mutex);
                 held.push_back(std::move(respond));
               }});
  Start();
  RawClient one(port_);
  RawClient two(port_);
  one.Send(RawRequest("GET", "/later"));
  two.Send(RawRequest("GET", "/later"));
  ASSERT_TRUE(Eventually([&] { return server_->counts().in_flight == 2; }));
  EXPECT_EQ(Ask(RawRequest("GET", "/later")).status, 503);
  {
    const std::lock_guard lock(mutex);
    for (const Responder& respond : held) respond(Json(200, "{}"));
    held.clear();
  }
  EXPECT_EQ(one.Read().status, 200);
  EXPECT_EQ(two.Read().status, 200);
}

TEST_F(Limited, LargeBodiesTogether_AreBounded) {
  options_.max_body_memory = 300'000;
  router_->Add(Method::kPost, "/large", Inline{[](const Request&) { return Json(200, "{}"); }});
  Start();
  RawClient first(port_);
  first.Send("POST /large HTTP/1.1\r\nHost: t\r\nContent-Length: 250001\r\n\r\n" + std::string(250'000, 'x'));
  ASSERT_TRUE(Eventually([&] { return server_->counts().body_memory == 250'000; }));
  EXPECT_EQ(Ask(RawRequest("POST", "/large", std::string(250'000, 'x'))).status, 503);
  EXPECT_EQ(first.Ask("x").status, 200);
  EXPECT_EQ(Ask(RawRequest("POST", "/large", std::string(250'000, 'x'))).status, 200);
  EXPECT_TRUE(Eventually([&] { return server_->counts().body_memory == 0; }));
}

TEST_F(Limited, ResponderThatOutlivesTheServer_DoesNothing) {
  std::optional<Responder> held;
  router_->Add(Method::kGet, "/later", Async{[&](Request, Responder respond) { held = std::move(respond); }});
  options_.drain_timeout = milliseconds(50);
  Start();
  RawClient client(port_);
  client.Send(RawRequest("GET", "/later"));
  ASSERT_TRUE(Eventually([&] { return server_->counts().in_flight == 1; }));
  server_->Stop();
  server_.reset();
  (*held)(Json(200, "{}"));
  EXPECT_EQ(client.Read().status, 0);
}

TEST_F(Limited, Stop_DrainsWhatIsUnderWayAndClosesTheRest) {
  Gate gate;
  router_->Add(Method::kGet, "/wait", Pooled{[&gate](const Request&) {
                 gate.Wait();
                 return Json(200, "{\"done\":true}");
               }});
  const auto hub = std::make_shared<EventHub>();
  router_->Add(Method::kGet, "/stream", Stream{[hub](const Request&) { return EventStream{hub, {}}; }});
  Start();
  RawClient idle(port_);
  ASSERT_EQ(idle.Ask(RawRequest("GET", "/health")).status, 200);
  RawClient stream(port_);
  stream.Send(RawRequest("GET", "/stream"));
  stream.ReadUntil("retry:");
  RawClient busy(port_);
  busy.Send(RawRequest("GET", "/wait"));
  gate.AwaitWaiting(1);
  std::thread stopper([&] { server_->Stop(); });
  EXPECT_TRUE(idle.AtEnd());
  stream.ReadUntil("\n\n");
  EXPECT_TRUE(stream.AtEnd());
  gate.Open();
  const RawReply reply = busy.Read();
  EXPECT_EQ(reply.body, "{\"done\":true}");
  EXPECT_EQ(reply.Header("Connection"), "close");
  stopper.join();
  EXPECT_FALSE(RawClient(port_).connected());
}

TEST_F(Limited, Stop_CutsWhatDoesNotEnd) {
  options_.drain_timeout = milliseconds(50);
  router_->Add(Method::kGet, "/large",
               Inline{[](const Request&) { return Text(200, std::string(size_t{40} << 20, 'x')); }});
  Start();
  RawClient stuck(port_);
  stuck.Send(RawRequest("GET", "/large"));
  RawClient half(port_);
  half.Send("GET /hea");
  ASSERT_TRUE(Eventually([&] { return server_->counts().connections == 2; }));
  server_->Stop();
  EXPECT_EQ(server_->counts().connections, 0u);
}

TEST_F(Limited, Stop_UnderLoad_FailsNoRequestThatWasAnswered) {
  Start();
  std::atomic<bool> broken{false};
  std::vector<std::thread> clients;
  for (int i = 0; i < 4; ++i) {
    clients.emplace_back([&] {
      RawClient client(port_);
      for (;;) {
        const RawReply reply = client.Ask(RawRequest("GET", "/health"));
        if (reply.status == 0) return;  // closed between requests
        if (reply.status != 200 || !reply.whole) broken = true;
        if (reply.Header("Connection") == "close") return;
      }
    });
  }
  std::this_thread::sleep_for(milliseconds(50));
  server_->Stop();
  for (auto& client : clients) client.join();
  EXPECT_FALSE(broken);
}

TEST_F(Limited, RandomBytes_NeverHarm) {
  options_.head_timeout = milliseconds(100);
  options_.body_timeout = milliseconds(100);
  Start();
  uint64_t state = 88172645463325252u;
  const auto next = [&] {
    state ^= state << 13;
    state ^= state >> 7;
    return state ^= state << 17;
  };
  const std::string good = RawRequest("POST", "/small", "hello", "X-Field: value\r\n");
  for (int i = 0; i < 300; ++i) {
    std::string bytes = good + good;
    for (int k = 0; k < 3; ++k) bytes[next() % bytes.size()] = static_cast<char>(next());
    RawClient client(port_);
    client.Send(bytes.substr(0, next() % bytes.size()));
  }
  EXPECT_TRUE(Healthy());
  EXPECT_TRUE(Eventually([&] { return server_->counts().connections == 0; }));
}

}  // namespace
}  // namespace forewarn::http
