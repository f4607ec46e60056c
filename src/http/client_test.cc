// The client against our own server, and against sockets that misbehave.
#include "http/client.h"

#include <gtest/gtest.h>

#include <atomic>
#include <mutex>
#include <thread>

#include "http/server.h"

namespace forewarn::http {
namespace {

using std::chrono::milliseconds;

struct Peer {
  std::shared_ptr<Router> router = std::make_shared<Router>();
  std::unique_ptr<Server> server;
  uint16_t port = 0;

  void Start(uint16_t wanted = 0) {
    ServerOptions options;
    options.io_threads = 1;
    options.retry_hint = milliseconds(10);
    server = std::make_unique<Server>(options);
    const auto bound = server->Listen("127.0.0.1", wanted, router);
    ASSERT_TRUE(bound.ok()) << bound.message();
    port = *bound;
    ASSERT_TRUE(server->Start().ok());
  }
  std::string Url(const std::string& path) const { return "http://127.0.0.1:" + std::to_string(port) + path; }
};

TEST(Client, SendsAndReceives) {
  Peer peer;
  peer.router->Add(Method::kPost, "/echo", Inline{[](const Request& request) {
                     Response response = Json(201, request.body);
                     response.headers.push_back({"X-Auth", std::string(request.Header("Authorization"))});
                     return response;
                   }},
                   JsonRoute());
  peer.Start();
  ClientOptions options;
  options.bearer = "token";
  const auto reply = Client(options).PostJson(peer.Url("/echo"), "{\"a\":1}");
  ASSERT_TRUE(reply.ok()) << reply.message();
  EXPECT_EQ(reply->status, 201);
  EXPECT_EQ(reply->body, "{\"a\":1}");
  EXPECT_EQ(reply->content_type, "application/json");
  EXPECT_EQ(reply->fields.Find("x-auth"), "Bearer token");
}

TEST(Client, KeepsItsConnection) {
  Peer peer;
  peer.router->Add(Method::kGet, "/x", Inline{[](const Request&) { return Json(200, "{}"); }});
  peer.Start();
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(Client().Get(peer.Url("/x")).ok());
  EXPECT_EQ(peer.server->counts().accepted, 1u);
}

TEST(Client, SafeMethods_AreTriedAgain) {
  Peer peer;
  std::atomic<int> asked{0};
  const auto flaky = [&](const Request&) { return ++asked < 3 ? Json(503, "{}") : Json(200, "{}"); };
  peer.router->Add(Method::kGet, "/x", Inline{flaky});
  peer.router->Add(Method::kPost, "/x", Inline{flaky});
  peer.Start();
  ClientOptions options;
  options.first_pause = milliseconds(1);
  EXPECT_EQ(Client(options).Get(peer.Url("/x"))->status, 200);
  EXPECT_EQ(asked, 3);
  asked = 0;
  EXPECT_EQ(Client(options).PostJson(peer.Url("/x"), "{}")->status, 503);
  EXPECT_EQ(asked, 1);
  options.idempotent = true;
  asked = 0;
  EXPECT_EQ(Client(options).PostJson(peer.Url("/x"), "{}")->status, 200);
}

TEST(Client, Failures_SayWhichPlaceAndWhy) {
  ClientOptions options;
  options.retries = 0;
  const Client client(options);
  Peer peer;
  peer.router->Add(Method::kGet, "/large",
                   Inline{[](const Request&) { return Text(200, std::string(1000, 'x')); }});
  peer.Start();
  const std::string closed =
      "http://user:secret@127.0.0.1:" + std::to_string(peer.port) + "/large?key=secret";
  peer.server->Stop();
  const auto refused = client.Get(closed);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.status().code(), Code::kUnavailable);
  EXPECT_NE(refused.message().find("http://127.0.0.1:" + std::to_string(peer.port)), std::string::npos);
  EXPECT_EQ(refused.message().find("secret"), std::string::npos);
  for (const char* url : {"file:///etc/passwd", "ftp://127.0.0.1/", "nonsense:", ""}) {
    EXPECT_EQ(client.Get(url).status().code(), Code::kInvalid) << url;
  }
}

TEST(Client, ReplyOverTheLimit_IsGivenUp) {
  Peer peer;
  peer.router->Add(Method::kGet, "/large",
                   Inline{[](const Request&) { return Text(200, std::string(1000, 'x')); }});
  peer.Start();
  ClientOptions options;
  options.max_reply = 999;
  EXPECT_EQ(Client(options).Get(peer.Url("/large")).status().code(), Code::kInvalid);
  options.max_reply = 1000;
  EXPECT_TRUE(Client(options).Get(peer.Url("/large")).ok());
}

TEST(Client, Deadline_HoldsOverSilenceAndRetries) {
  Peer peer;
  std::mutex mutex;
  std::vector<Responder> never;
  peer.router->Add(Method::kGet, "/slow", Async{[&](Request, Responder respond) {
                     const std::lock_guard lock(mutex);
                     never.push_back(respond);
                   }});
  peer.Start();
  ClientOptions options;
  options.timeout = milliseconds(100);
  const auto reply = Client(options).Get(peer.Url("/slow"));
  ASSERT_FALSE(reply.ok());
  EXPECT_EQ(reply.status().code(), Code::kUnavailable);
  EXPECT_NE(reply.message().find("in time"), std::string::npos);
  const std::lock_guard lock(mutex);
  for (const Responder& respond : never) respond(Json(200, "{}"));
}

TEST(EventParser, ReadsWhateverTheCuts) {
  const std::string stream =
      "\xEF\xBB\xBF: comment\r\nretry: 50\nid: 7\nevent: risk\ndata: a\ndata:b\n\ndata\n\nid: 8\rdata: "
      "c\r\rdata: lost";
  for (size_t cut = 1; cut <= stream.size(); ++cut) {
    EventParser parser(1000);
    std::string seen;
    const auto note = [&](const ReceivedEvent& e) { seen += e.name + "|" + e.data + "|" + e.id + ";"; };
    for (size_t at = 0; at < stream.size(); at += cut) ASSERT_TRUE(parser.Feed(stream.substr(at, cut), note));
    EXPECT_EQ(seen, "risk|a\nb|7;message||7;message|c|8;") << cut;
    EXPECT_EQ(parser.retry_ms(), 50);
    EXPECT_EQ(parser.last_event_id(), "8");
  }
}

TEST(EventParser, LargeEvent_IsGivenUp) {
  EventParser parser(100);
  const auto ignore = [](const ReceivedEvent&) {};
  EXPECT_TRUE(parser.Feed("data: " + std::string(50, 'x') + "\n", ignore));
  EXPECT_FALSE(parser.Feed("data: " + std::string(50, 'x') + "\n", ignore));
}

TEST(ReadEvents, GoesOnWithoutAGapWhenTheServerComesBack) {
  Peer peer;
  const auto hub = std::make_shared<EventHub>();
  peer.router->Add(Method::kGet, "/stream", Stream{[hub](const Request&) { return EventStream{hub, {}}; }});
  peer.Start();
  std::mutex mutex;
  std::vector<std::string> seen;
  std::atomic<int> stood{0};
  EventReaderOptions options;
  options.url = peer.Url("/stream");
  options.first_pause = milliseconds(5);
  std::jthread reader([&](std::stop_token stop) {
    ReadEvents(
        options, stop,
        [&](const ReceivedEvent& event) {
          const std::lock_guard lock(mutex);
          seen.push_back(event.data);
        },
        [&](const Status& status) { stood += status.ok() ? 1 : 0; });
  });
  const auto count = [&] {
    const std::lock_guard lock(mutex);
    return seen.size();
  };
  const auto wait = [](const auto& condition) {
    for (int i = 0; i < 2000 && !condition(); ++i) std::this_thread::sleep_for(milliseconds(5));
    return condition();
  };
  ASSERT_TRUE(wait([&] { return hub->subscribers() == 1; }));
  hub->Publish({"n", "1"});
  hub->Publish({"n", "2"});
  ASSERT_TRUE(wait([&] { return count() == 2; }));
  const uint16_t port = peer.port;
  peer.server->Stop();
  hub->Publish({"n", "3"});  // while nobody listens
  peer.Start(port);
  hub->Publish({"n", "4"});
  ASSERT_TRUE(wait([&] { return count() == 4; }));
  EXPECT_EQ(seen, (std::vector<std::string>{"1", "2", "3", "4"}));
  EXPECT_GE(stood, 2);
  reader.request_stop();
  reader.join();
}

}  // namespace
}  // namespace forewarn::http
