// The server over real sockets: what it answers, and that it stands what clients do to it.
#include "http/server.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <stdexcept>
#include <thread>

#include "core/names.h"
#include "http/problem.h"
#include "http/raw_client.h"

namespace forewarn::http {
namespace {

using std::chrono::milliseconds;

// A server with the routes the tests need; `adjust` may add more or change the options.
class Service {
 public:
  using Adjust = std::function<void(ServerOptions&, Router&)>;
  explicit Service(const Adjust& adjust = {}) {
    ServerOptions options;
    options.io_threads = 2;
    auto router = std::make_shared<Router>();
    router->Add(Method::kGet, "/health", Inline{[](const Request&) { return Json(200, "{}"); }});
    router->Add(Method::kPost, "/echo",
                Inline{[](const Request& request) { return Text(200, request.body); }});
    router->Add(Method::kGet, "/item/{id}",
                Inline{[](const Request& request) { return Text(200, std::string(request.Param("id"))); }});
    router->Add(Method::kGet, "/throw",
                Inline{[](const Request&) -> Response { throw std::runtime_error("secret /etc/path"); }});
    if (adjust) adjust(options, *router);
    server_ = std::make_unique<Server>(options);
    const auto port = server_->Listen("127.0.0.1", 0, router);
    if (port.ok()) port_ = *port;
    EXPECT_TRUE(server_->Start().ok());
  }
  int port() const { return port_; }
  Server& server() { return *server_; }

 private:
  std::unique_ptr<Server> server_;
  int port_ = 0;
};

RawReply AskOnce(int port, std::string_view bytes) {
  RawClient client(port);
  return client.Ask(bytes);
}

TEST(Server, Request_IsAnsweredAndConnectionKept) {
  Service service;
  RawClient client(service.port());
  for (int i = 0; i < 3; ++i) {
    const RawReply reply = client.Ask(RawRequest("GET", "/health"));
    EXPECT_EQ(reply.status, 200);
    EXPECT_EQ(reply.body, "{}");
    EXPECT_EQ(reply.Header("Content-Type"), "application/json");
    EXPECT_EQ(reply.Header("Connection"), "");
    EXPECT_NE(reply.Header("Date"), "");
  }
}

TEST(Server, Pipelining_AnswersInOrder) {
  Service service;
  RawClient client(service.port());
  std::string all;
  for (int i = 0; i < 500; ++i) all += RawRequest("GET", "/item/" + std::to_string(i));
  ASSERT_TRUE(client.Send(all));
  for (int i = 0; i < 500; ++i) ASSERT_EQ(client.Read().body, std::to_string(i));
}

TEST(Server, Request_MayComeByteByByte) {
  Service service;
  RawClient client(service.port());
  for (const char c : RawRequest("POST", "/echo", "hello")) ASSERT_TRUE(client.Send({&c, 1}));
  EXPECT_EQ(client.Read().body, "hello");
}

TEST(Server, ChunkedBody_IsPutTogether) {
  Service service;
  const std::string head = "POST /echo HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n";
  RawClient client(service.port());
  EXPECT_EQ(client.Ask(head + "3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nTrailer: x\r\n\r\n").body, "abcde");
  EXPECT_EQ(client.Ask(RawRequest("GET", "/health")).status, 200);
}

TEST(Server, Head_IsGetWithoutBody) {
  Service service;
  RawClient client(service.port());
  ASSERT_TRUE(client.Send(RawRequest("HEAD", "/health")));
  const RawReply reply = client.Read(true);
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.Header("Content-Length"), "2");
  EXPECT_EQ(client.Ask(RawRequest("GET", "/health")).body, "{}");
}

TEST(Server, Options_TellsWhatIsAllowed) {
  Service service;
  const RawReply reply = AskOnce(service.port(), RawRequest("OPTIONS", "/health"));
  EXPECT_EQ(reply.status, 204);
  EXPECT_EQ(reply.Header("Allow"), "GET, HEAD, OPTIONS");
  EXPECT_EQ(reply.Header("Content-Length"), "");
  EXPECT_EQ(AskOnce(service.port(), "OPTIONS * HTTP/1.1\r\nHost: t\r\n\r\n").status, 204);
}

TEST(Server, WrongMethodAndPath_AreTold) {
  Service service;
  const RawReply wrong = AskOnce(service.port(), RawRequest("DELETE", "/health"));
  EXPECT_EQ(wrong.status, 405);
  EXPECT_EQ(wrong.Header("Allow"), "GET, HEAD, OPTIONS");
  EXPECT_EQ(AskOnce(service.port(), RawRequest("BREW", "/health")).status, 405);
  const RawReply none = AskOnce(service.port(), RawRequest("GET", "/nowhere"));
  EXPECT_EQ(none.status, 404);
  EXPECT_EQ(none.Header("Content-Type"), "application/problem+json");
  EXPECT_NE(none.body.find("GET /item/{id}"), std::string::npos);
}

TEST(Server, RefusedRequestWithSmallBody_KeepsConnection) {
  Service service;
  RawClient client(service.port());
  EXPECT_EQ(client.Ask(RawRequest("POST", "/nowhere", "some body")).status, 404);
  EXPECT_EQ(client.Ask(RawRequest("GET", "/health")).status, 200);
}

TEST(Server, HandlerThatThrows_Is500WithoutItsText) {
  Service service;
  RawClient client(service.port());
  const RawReply reply = client.Ask(RawRequest("GET", "/throw"));
  EXPECT_EQ(reply.status, 500);
  EXPECT_EQ(reply.body.find("secret"), std::string::npos);
  EXPECT_EQ(client.Ask(RawRequest("GET", "/health")).status, 200);
}

TEST(Server, Http10_IsClosedUnlessAskedToStay) {
  Service service;
  RawClient client(service.port());
  EXPECT_EQ(client.Ask("GET /health HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").Header("Connection"),
            "keep-alive");
  EXPECT_EQ(client.Ask("GET /health HTTP/1.0\r\n\r\n").Header("Connection"), "close");
  EXPECT_TRUE(client.AtEnd());
}

TEST(Server, ConnectionClose_IsObeyed) {
  Service service;
  RawClient client(service.port());
  const RawReply reply = client.Ask(RawRequest("GET", "/health", "", "Connection: close\r\n"));
  EXPECT_EQ(reply.Header("Connection"), "close");
  EXPECT_TRUE(client.AtEnd());
}

TEST(Server, Expect_IsMetBeforeTheBody) {
  Service service;
  RawClient client(service.port());
  const std::string head =
      "POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n";
  EXPECT_EQ(client.Ask(head).status, 100);
  EXPECT_EQ(client.Ask("hello").body, "hello");
  const RawReply odd =
      client.Ask("POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 5\r\nExpect: miracles\r\n\r\n");
  EXPECT_EQ(odd.status, 417);
}

TEST(Server, LargeReply_ArrivesWhole) {
  Service service([](ServerOptions&, Router& router) {
    router.Add(Method::kGet, "/large",
               Inline{[](const Request&) { return Text(200, std::string(size_t{20} << 20, 'x')); }});
  });
  RawClient client(service.port());
  const RawReply reply = client.Ask(RawRequest("GET", "/large"));
  EXPECT_TRUE(reply.whole);
  EXPECT_EQ(reply.body.size(), size_t{20} << 20);
  EXPECT_EQ(client.Ask(RawRequest("GET", "/health")).status, 200);
}

TEST(Server, PulledBody_ArrivesInPiecesAndStopsOnFailure) {
  Service service([](ServerOptions&, Router& router) {
    const auto add = [&router](const char* path, bool fails) {
      router.Add(Method::kGet, path, Pooled{[fails](const Request&) {
                   Response response = Text(200, "");
                   response.pull = [n = 0, fails](std::string* chunk) mutable {
                     if (fails && n == 3) return Status::Io("the disk is gone");
                     if (n++ < 5) chunk->append(10, 'a');
                     return Status::Ok();
                   };
                   return response;
                 }});
    };
    add("/whole", false);
    add("/cut", true);
  });
  RawClient client(service.port());
  const RawReply whole = client.Ask(RawRequest("GET", "/whole"));
  EXPECT_EQ(whole.Header("Transfer-Encoding"), "chunked");
  EXPECT_EQ(whole.body.size(), 50u);
  EXPECT_TRUE(whole.whole);
  EXPECT_EQ(client.Ask(RawRequest("GET", "/health")).status, 200);
  EXPECT_FALSE(client.Ask(RawRequest("GET", "/cut")).whole);
  EXPECT_EQ(AskOnce(service.port(), "GET /whole HTTP/1.0\r\n\r\n").body.size(), 50u);
}

TEST(Server, Async_AnswersFromAnotherThreadOnce) {
  Service service([](ServerOptions&, Router& router) {
    router.Add(Method::kPost, "/later", Async{[](Request request, Responder respond) {
                 std::thread([respond, body = request.body] {
                   respond(Text(200, body));
                   respond(Text(200, "again"));
                 }).detach();
               }});
    router.Add(Method::kGet, "/never", Async{[](Request, Responder) {}});
    router.Add(Method::kGet, "/throws", Async{[](Request, Responder) { throw std::logic_error("x"); }});
  });
  RawClient client(service.port());
  for (int i = 0; i < 50; ++i) {
    ASSERT_EQ(client.Ask(RawRequest("POST", "/later", std::to_string(i))).body, std::to_string(i));
  }
  EXPECT_EQ(client.Ask(RawRequest("GET", "/never")).status, 500);
  EXPECT_EQ(client.Ask(RawRequest("GET", "/throws")).status, 500);
  EXPECT_EQ(service.server().counts().in_flight, 0u);
}

TEST(Server, Guard_RefusesOrTellsWhoAsks) {
  const Guard guard = [](Request& request) -> std::optional<Response> {
    if (request.Header("Authorization").empty()) return Problem(401, "sign in first");
    request.principal = std::string(request.Header("Authorization"));
    return std::nullopt;
  };
  Service service([&](ServerOptions&, Router& router) {
    const auto answer = [](const Request& request) {
      return Text(200, std::any_cast<std::string>(request.principal));
    };
    RouteOptions options;
    options.guard = guard;
    router.Add(Method::kGet, "/inline", Inline{answer}, options);
    router.Add(Method::kGet, "/pooled", Pooled{answer}, options);
    options.guard_on_pool = true;
    router.Add(Method::kGet, "/mixed", Inline{answer}, options);
  });
  RawClient client(service.port());
  for (const char* path : {"/inline", "/pooled", "/mixed"}) {
    const RawReply refused = client.Ask(RawRequest("GET", path));
    EXPECT_EQ(refused.status, 401);
    EXPECT_EQ(refused.Header("WWW-Authenticate"), "Bearer");
    EXPECT_EQ(client.Ask(RawRequest("GET", path, "", "Authorization: me\r\n")).body, "me");
  }
}

TEST(Server, QuickGuard_SettlesOnTheIoThreadOrAsksTheGuard) {
  std::atomic<int> asked = 0;
  Service service([&](ServerOptions& server_options, Router& router) {
    server_options.io_threads = 1;
    const auto answer = [](const Request& request) {
      return Text(200, std::any_cast<std::string>(request.principal));
    };
    RouteOptions options;
    options.guard_on_pool = true;
    options.guard = [&](Request& request) -> std::optional<Response> {
      ++asked;
      request.principal = std::string("by the guard");
      return std::nullopt;
    };
    options.quick_guard = [](Request& request) -> std::variant<AskGuard, std::optional<Response>> {
      if (request.Header("Known").empty()) return AskGuard{};
      if (request.Header("Known") == "no") return std::optional<Response>(Problem(401, "known to be wrong"));
      if (request.Header("Known") == "throw") throw std::runtime_error("a bug");
      request.principal = std::string("quickly");
      return std::optional<Response>();
    };
    router.Add(Method::kGet, "/inline", Inline{answer}, options);
    router.Add(Method::kGet, "/pooled", Pooled{answer}, options);
    const auto later = [answer](const Request& request, const Responder& done) { done(answer(request)); };
    router.Add(Method::kGet, "/async", Async{later}, options);
  });
  RawClient client(service.port());
  for (const char* path : {"/inline", "/pooled", "/async"}) {
    EXPECT_EQ(client.Ask(RawRequest("GET", path, "", "Known: yes\r\n")).body, "quickly");
    EXPECT_EQ(client.Ask(RawRequest("GET", path, "", "Known: no\r\n")).status, 401);
    EXPECT_EQ(client.Ask(RawRequest("GET", path, "", "Known: throw\r\n")).status, 500);
    EXPECT_EQ(asked, 0);
    EXPECT_EQ(client.Ask(RawRequest("GET", path)).body, "by the guard");
    EXPECT_EQ(asked.exchange(0), 1);
  }
}

TEST(Server, WrongBodyType_Is415) {
  Service service([](ServerOptions&, Router& router) {
    router.Add(Method::kPost, "/json", Inline{[](const Request&) { return Json(200, "{}"); }}, JsonRoute());
  });
  RawClient client(service.port());
  EXPECT_EQ(client.Ask(RawRequest("POST", "/json", "x", "Content-Type: text/plain\r\n")).status, 415);
  EXPECT_EQ(client.Ask(RawRequest("POST", "/json", "x")).status, 415);
  EXPECT_EQ(client.Ask(RawRequest("POST", "/json", "x", "Content-Type: Application/JSON; charset=utf-8\r\n"))
                .status,
            200);
  EXPECT_EQ(client.Ask(RawRequest("POST", "/json", "x", "Content-Type: application/ld+json\r\n")).status,
            200);
}

TEST(Server, Hooks_SeeEveryAnswer) {
  std::mutex mutex;
  std::vector<std::string> seen;
  Service service([&](ServerOptions&, Router& router) {
    router.Add(Method::kGet, "/pooled/{x}", Pooled{[](const Request&) { return Json(200, "{}"); }});
    router.Hook([&](const Exchange& e) {
      const std::lock_guard lock(mutex);
      seen.push_back(std::string(MethodName(e.method)) + " " + std::string(e.target) + " " +
                     (e.route ? e.route->pattern : "-") + " " + std::to_string(e.status) + " " +
                     std::to_string(e.bytes) + " " + std::string(e.remote));
      EXPECT_GE(e.seconds, 0);
    });
  });
  RawClient client(service.port());
  client.Ask(RawRequest("GET", "/health?x=1"));
  client.Ask(RawRequest("GET", "/pooled/7"));
  client.Ask(RawRequest("DELETE", "/health"));
  client.Ask("nonsense\r\n\r\n");
  const std::lock_guard lock(mutex);
  ASSERT_EQ(seen.size(), 4u);
  EXPECT_EQ(seen[0], "GET /health?x=1 /health 200 2 127.0.0.1");
  EXPECT_EQ(seen[1], "GET /pooled/7 /pooled/{x} 200 2 127.0.0.1");
  EXPECT_TRUE(seen[2].starts_with("DELETE /health - 405"));
  EXPECT_NE(seen[3].find(" - 400 "), std::string::npos);
}

TEST(Server, TrustedProxy_TellsClientAndTls) {
  const auto add = [](Router& router) {
    router.Add(Method::kGet, "/who", Inline{[](const Request& request) {
                 return Text(200, request.remote + (request.secure ? " tls" : ""));
               }});
  };
  const std::string asked = RawRequest(
      "GET", "/who", "", "X-Forwarded-For: 6.6.6.6, 9.9.9.9, 127.0.0.1\r\nX-Forwarded-Proto: https\r\n");
  Service plain([&](ServerOptions&, Router& router) { add(router); });
  EXPECT_EQ(AskOnce(plain.port(), asked).body, "127.0.0.1");
  Service proxied([&](ServerOptions& options, Router& router) {
    add(router);
    options.trusted_proxies = {"127.0.0.1"};
  });
  EXPECT_EQ(AskOnce(proxied.port(), asked).body, "9.9.9.9 tls");
}

TEST(Server, Cors_IsOffUnlessAllowed) {
  const std::string asked = RawRequest("GET", "/health", "", "Origin: https://hmi.example\r\n");
  const std::string preflight = RawRequest(
      "OPTIONS", "/echo", "", "Origin: https://hmi.example\r\nAccess-Control-Request-Method: POST\r\n");
  Service off;
  EXPECT_EQ(AskOnce(off.port(), asked).Header("Access-Control-Allow-Origin"), "");
  Service on([](ServerOptions&, Router& router) { router.SetCors({{"https://hmi.example"}}); });
  EXPECT_EQ(AskOnce(on.port(), asked).Header("Access-Control-Allow-Origin"), "https://hmi.example");
  EXPECT_EQ(AskOnce(on.port(), asked).Header("Vary"), "Origin");
  const RawReply allowed = AskOnce(on.port(), preflight);
  EXPECT_EQ(allowed.status, 204);
  EXPECT_EQ(allowed.Header("Access-Control-Allow-Methods"), "POST, OPTIONS");
  const RawReply other =
      AskOnce(on.port(), RawRequest("GET", "/health", "", "Origin: https://evil.example\r\n"));
  EXPECT_EQ(other.status, 200);
  EXPECT_EQ(other.Header("Access-Control-Allow-Origin"), "");
}

TEST(Server, FixedHeaders_AreOnEveryReplyAndStayOneLine) {
  Service service([](ServerOptions&, Router& router) {
    router.SetHeaders({{"X-Content-Type-Options", "nosniff"}});
    router.Add(Method::kGet, "/inject", Inline{[](const Request&) {
                 Response response = Json(200, "{}");
                 response.headers.push_back({"X-Name", "a\r\nX-Evil: 1"});
                 return response;
               }});
  });
  EXPECT_EQ(AskOnce(service.port(), RawRequest("GET", "/nope")).Header("X-Content-Type-Options"), "nosniff");
  EXPECT_EQ(AskOnce(service.port(), "garbage\r\n\r\n").Header("X-Content-Type-Options"), "nosniff");
  EXPECT_EQ(AskOnce(service.port(), RawRequest("GET", "/inject")).Header("X-Evil"), "");
}

TEST(Server, TakenPort_IsToldByName) {
  Service service;
  Server other;
  const auto port =
      other.Listen("127.0.0.1", static_cast<uint16_t>(service.port()), std::make_shared<Router>());
  ASSERT_FALSE(port.ok());
  EXPECT_EQ(port.status().code(), Code::kBusy);
  EXPECT_NE(port.message().find(std::to_string(service.port())), std::string::npos);
}

TEST(Server, OneServer_ListensForSeveralRouters) {
  Server server;
  std::vector<uint16_t> ports;
  for (const char* name : {"one", "two"}) {
    auto router = std::make_shared<Router>();
    router->Add(Method::kGet, "/", Inline{[name](const Request&) { return Text(200, name); }});
    const auto port = server.Listen("127.0.0.1", 0, router);
    ASSERT_TRUE(port.ok());
    ports.push_back(*port);
  }
  ASSERT_TRUE(server.Start().ok());
  EXPECT_EQ(AskOnce(ports[0], RawRequest("GET", "/")).body, "one");
  EXPECT_EQ(AskOnce(ports[1], RawRequest("GET", "/")).body, "two");
}

}  // namespace
}  // namespace forewarn::http
