// Event streams over sockets.
#include "http/server_fixture.h"

namespace forewarn::http {
namespace {

using std::chrono::milliseconds;

class Streamed : public ServerFixture {};

TEST_F(Streamed, Stream_PushesAndResumes) {
  const auto hub = std::make_shared<EventHub>();
  router_->Add(Method::kGet, "/stream",
               Stream{[hub](const Request&) { return EventStream{hub, {{"state", "now"}}}; }});
  options_.heartbeat = milliseconds(50);
  Start();
  RawClient client(port_);
  client.Send(RawRequest("GET", "/stream"));
  const std::string head = client.ReadUntil("\r\n\r\n");
  EXPECT_NE(head.find("Content-Type: text/event-stream"), std::string::npos);
  EXPECT_EQ(client.ReadUntil("\n\n"), "retry: 2000\n\n");
  EXPECT_EQ(client.ReadUntil("\n\n"), "event: state\ndata: now\n\n");
  hub->Publish({"risk", "1"});
  EXPECT_NE(client.ReadUntil("data: 1\n\n").find("id: 1\nevent: risk\n"), std::string::npos);
  EXPECT_NE(client.ReadUntil(": \n\n"), "");  // the heartbeat
  client.Close();
  EXPECT_TRUE(Eventually([&] { return hub->subscribers() == 0; }));  // noticed without an event
  hub->Publish({"risk", "2"});
  RawClient again(port_);
  again.Send(RawRequest("GET", "/stream", "", "Last-Event-ID: 1\r\n"));
  again.ReadUntil("retry: 2000\n\n");
  EXPECT_EQ(again.ReadUntil("\n\n"), "id: 2\nevent: risk\ndata: 2\n\n");
}

TEST_F(Streamed, SlowStreamReader_IsDroppedAndOthersAreNot) {
  EventHubOptions hub_options;
  hub_options.queue_events = 64;
  const auto hub = std::make_shared<EventHub>(hub_options);
  router_->Add(Method::kGet, "/stream", Stream{[hub](const Request&) { return EventStream{hub, {}}; }});
  Start();
  RawClient slow(port_);
  slow.ShrinkReceiveBuffer();
  slow.Send(RawRequest("GET", "/stream"));
  RawClient quick(port_);
  quick.Send(RawRequest("GET", "/stream"));
  ASSERT_TRUE(Eventually([&] { return hub->subscribers() == 2; }));
  quick.ReadUntil("retry: 2000\n\n");
  const std::string payload(20'000, 'x');
  int published = 0;
  for (; published < 5000 && hub->dropped() == 0; ++published) {
    hub->Publish({"n", payload});
    ASSERT_TRUE(quick.ReadUntil("\n\n").ends_with("x\n\n"));
  }
  EXPECT_EQ(hub->dropped(), 1u);
  EXPECT_TRUE(Eventually([&] { return server_->counts().connections == 1; }));
  hub->Publish({"n", "last"});
  EXPECT_NE(quick.ReadUntil("data: last\n\n"), "");
}

TEST_F(Streamed, Stream_RefusedByGuardOrFull) {
  EventHubOptions hub_options;
  hub_options.max_subscribers = 1;
  const auto hub = std::make_shared<EventHub>(hub_options);
  RouteOptions guarded;
  guarded.guard_on_pool = true;
  guarded.guard = [](Request& request) -> std::optional<Response> {
    if (request.Header("Authorization").empty()) return Json(401, "{}");
    return std::nullopt;
  };
  router_->Add(Method::kGet, "/stream", Stream{[hub](const Request&) { return EventStream{hub, {}}; }},
               guarded);
  Start();
  EXPECT_EQ(Ask(RawRequest("GET", "/stream")).status, 401);
  RawClient first(port_);
  first.Send(RawRequest("GET", "/stream", "", "Authorization: x\r\n"));
  first.ReadUntil("retry:");
  EXPECT_EQ(Ask(RawRequest("GET", "/stream", "", "Authorization: x\r\n")).status, 503);
}

}  // namespace
}  // namespace forewarn::http
