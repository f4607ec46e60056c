// Broadcast of server-sent events from one publisher to many readers. The publisher never waits: each
// subscriber has a bounded queue, and one that does not keep up is dropped at its bound. A ring of the latest
// events lets a client that comes back with Last-Event-ID go on without a gap. An event is formatted once for
// all. Any thread; the server reads subscriptions on its I/O threads.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace forewarn::http {

struct Event {
  std::string name;  // the SSE `event:` field, one line
  std::string data;  // mostly JSON; may have several lines
  // Its place in the order of all events. Ids of a hub must grow; 0: the hub takes the next one. (Sensors use
  // plant time, so that ids mean the same after a restart.)
  int64_t id = 0;
};

struct EventHubOptions {
  size_t ring_events = 1024;            // kept for Last-Event-ID
  size_t ring_bytes = size_t{4} << 20;  // and at most so much
  size_t queue_events = 256;            // of a subscriber, before it is dropped
  size_t queue_bytes = size_t{1} << 20;
  size_t max_subscribers = 1024;
  int64_t first_id = 1;  // for ids the hub takes itself; microseconds since 1970 survive a restart
  // Text of ids on the wire; decimal numbers by default. read_id gives nothing for a text that is no id.
  std::function<std::string(int64_t)> write_id;
  std::function<std::optional<int64_t>(std::string_view)> read_id;
};

class EventHub;

// One reader's end. Its methods are for one thread at a time, except that the hub calls `on_ready`.
class Subscription {
 public:
  ~Subscription();
  // Frames ("id: …\nevent: …\ndata: …\n\n") in order since the last call; empty when there is nothing new.
  std::vector<std::shared_ptr<const std::string>> Take();
  bool closed() const;   // by the hub's Close
  bool dropped() const;  // read too slowly: nothing more will come
  // Called, on the publisher's thread, when Take has something or the state changed; must be quick and must
  // not call the hub. Called at once when something is there already.
  void OnReady(std::function<void()> on_ready);

 private:
  friend class EventHub;
  struct State;
  explicit Subscription(std::shared_ptr<State> state) : state_(std::move(state)) {}
  std::shared_ptr<State> state_;
};

class EventHub {
 public:
  explicit EventHub(EventHubOptions options = {});
  ~EventHub();
  EventHub(const EventHub&) = delete;
  EventHub& operator=(const EventHub&) = delete;

  void Publish(Event event);
  // The same at once for several, so that no reader sees one without the others.
  void PublishAll(std::vector<Event> events);

  // last_event_id: the client's header; an id that was (or could have been) given is resumed after: all ring
  // events with a greater id come first. "" or no id: `first` comes first, then what is published from now
  // on. nullptr: max_subscribers are there already, or the hub is closed.
  std::unique_ptr<Subscription> Subscribe(std::string_view last_event_id = {}, std::vector<Event> first = {});

  void Close();  // every subscriber sees its end; later Publish and Subscribe do nothing
  size_t subscribers() const;
  uint64_t dropped() const;  // how many were, since the start
  std::string Frame(const Event& event) const;

 private:
  struct Core;
  std::shared_ptr<Core> core_;
};

}  // namespace forewarn::http
