#include "http/event_hub.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace forewarn::http {
namespace {

std::string All(Subscription& subscription) {
  std::string out;
  for (const auto& frame : subscription.Take()) out += *frame;
  return out;
}

TEST(EventHub, Event_IsFramedOnce) {
  EventHub hub;
  EXPECT_EQ(hub.Frame({"risk", "{\"a\":1}", 7}), "id: 7\nevent: risk\ndata: {\"a\":1}\n\n");
  EXPECT_EQ(hub.Frame({"a\nid: 9", "x\r\ny\nz", 0}), "event: a id: 9\ndata: x\ndata: y\ndata: z\n\n");
}

TEST(EventHub, Subscriber_GetsWhatComesAfter) {
  EventHub hub;
  hub.Publish({"a", "1"});
  const auto subscription = hub.Subscribe();
  EXPECT_EQ(All(*subscription), "");
  hub.Publish({"a", "2"});
  hub.Publish({"a", "3"});
  EXPECT_EQ(All(*subscription), "id: 2\nevent: a\ndata: 2\n\nid: 3\nevent: a\ndata: 3\n\n");
  EXPECT_EQ(All(*subscription), "");
}

TEST(EventHub, First_IsForThoseWhoDoNotResume) {
  EventHub hub;
  hub.Publish({"a", "1"});
  EXPECT_EQ(All(*hub.Subscribe("", {{"state", "now"}})), "event: state\ndata: now\n\n");
  EXPECT_EQ(All(*hub.Subscribe("0", {{"state", "now"}})), "id: 1\nevent: a\ndata: 1\n\n");
}

TEST(EventHub, Resume_HasNoGapAndNoRepeat) {
  EventHubOptions options;
  options.ring_events = 5;
  EventHub hub(options);
  for (int i = 1; i <= 8; ++i) hub.Publish({"a", std::to_string(i), i * 10});
  EXPECT_EQ(All(*hub.Subscribe("60")), "id: 70\nevent: a\ndata: 7\n\nid: 80\nevent: a\ndata: 8\n\n");
  EXPECT_EQ(All(*hub.Subscribe("65")), All(*hub.Subscribe("60")));  // an id between: of another server's run
  EXPECT_EQ(hub.Subscribe("10")->Take().size(), 5u);                // older than the ring: all there is
  EXPECT_EQ(hub.Subscribe("80")->Take().size(), 0u);
  EXPECT_EQ(hub.Subscribe("no id")->Take().size(), 0u);
}

TEST(EventHub, Ids_MayHaveAnotherText) {
  EventHubOptions options;
  options.write_id = [](int64_t id) { return "t" + std::to_string(id); };
  options.read_id = [](std::string_view text) -> std::optional<int64_t> {
    if (!text.starts_with('t')) return std::nullopt;
    return std::stoll(std::string(text.substr(1)));
  };
  EventHub hub(options);
  hub.Publish({"a", "x", 5});
  hub.Publish({"a", "y", 6});
  EXPECT_EQ(All(*hub.Subscribe("t5")), "id: t6\nevent: a\ndata: y\n\n");
}

TEST(EventHub, SlowSubscriber_IsDroppedAndOthersGoOn) {
  EventHubOptions options;
  options.queue_events = 3;
  EventHub hub(options);
  const auto slow = hub.Subscribe();
  const auto quick = hub.Subscribe();
  for (int i = 0; i < 10; ++i) {
    hub.Publish({"a", "x"});
    EXPECT_EQ(quick->Take().size(), 1u);
  }
  EXPECT_TRUE(slow->dropped());
  EXPECT_TRUE(slow->Take().empty());
  EXPECT_FALSE(quick->dropped());
  EXPECT_EQ(hub.dropped(), 1u);
  EXPECT_EQ(hub.subscribers(), 1u);
}

TEST(EventHub, Bytes_BoundAQueueToo) {
  EventHubOptions options;
  options.queue_bytes = 1000;
  EventHub hub(options);
  const auto subscription = hub.Subscribe();
  hub.Publish({"a", std::string(2000, 'x')});
  EXPECT_TRUE(subscription->dropped());
}

TEST(EventHub, ReplayLargerThanTheQueue_IsNoDrop) {
  EventHubOptions options;
  options.queue_events = 3;
  EventHub hub(options);
  for (int i = 0; i < 100; ++i) hub.Publish({"a", "x"});
  const auto subscription = hub.Subscribe("1");
  hub.Publish({"a", "x"});
  EXPECT_FALSE(subscription->dropped());
  EXPECT_EQ(subscription->Take().size(), 100u);
}

TEST(EventHub, SubscribersAreBoundedAndLeave) {
  EventHubOptions options;
  options.max_subscribers = 2;
  EventHub hub(options);
  auto one = hub.Subscribe();
  const auto two = hub.Subscribe();
  EXPECT_EQ(hub.Subscribe(), nullptr);
  one.reset();
  EXPECT_NE(hub.Subscribe(), nullptr);
}

TEST(EventHub, Close_IsSeenAndTheSubscriptionOutlivesTheHub) {
  auto hub = std::make_unique<EventHub>();
  const auto subscription = hub->Subscribe();
  std::atomic<int> calls{0};
  subscription->OnReady([&] { ++calls; });
  hub->Publish({"a", "x"});
  hub.reset();
  EXPECT_TRUE(subscription->closed());
  EXPECT_EQ(calls, 2);
  EXPECT_EQ(subscription->Take().size(), 1u);
}

TEST(EventHub, ManyPublishersAndReaders_LoseNothing) {
  EventHubOptions options;
  options.queue_events = 100'000;
  EventHub hub(options);
  constexpr int kEach = 2000;
  std::vector<std::unique_ptr<Subscription>> subscriptions;
  for (int i = 0; i < 3; ++i) subscriptions.push_back(hub.Subscribe());
  std::atomic<bool> done{false};
  std::vector<size_t> counts(subscriptions.size(), 0);
  std::vector<std::thread> readers;
  for (size_t i = 0; i < subscriptions.size(); ++i) {
    readers.emplace_back([&, i] {
      while (!done) counts[i] += subscriptions[i]->Take().size();
      counts[i] += subscriptions[i]->Take().size();
    });
  }
  std::vector<std::thread> publishers;
  for (int p = 0; p < 2; ++p) {
    publishers.emplace_back([&] {
      for (int i = 0; i < kEach; ++i) hub.Publish({"a", "x"});
    });
  }
  for (auto& thread : publishers) thread.join();
  done = true;
  for (auto& thread : readers) thread.join();
  for (const size_t count : counts) EXPECT_EQ(count, 2u * kEach);
}

}  // namespace
}  // namespace forewarn::http
