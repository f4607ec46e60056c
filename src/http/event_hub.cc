#include "http/event_hub.h"

#include <algorithm>
#include <charconv>
#include <utility>

namespace forewarn::http {
namespace {

std::optional<int64_t> ReadDecimal(std::string_view text) {
  int64_t value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (text.empty() || error != std::errc() || stop != end) return std::nullopt;
  return value;
}

// A line break inside a field would end it, or begin one of the sender's choice.
std::string OneLine(std::string text) {
  std::replace_if(text.begin(), text.end(), [](char c) { return c == '\n' || c == '\r' || c == '\0'; }, ' ');
  return text;
}

void AppendData(std::string_view data, std::string* out) {
  for (;;) {
    const size_t end = std::min(data.find_first_of("\r\n"), data.size());
    *out += "data: ";
    *out += data.substr(0, end);
    *out += '\n';
    if (end == data.size()) return;
    const bool pair = data.substr(end, 2) == "\r\n";
    data.remove_prefix(end + (pair ? 2 : 1));
  }
}

}  // namespace

// What hub and reader share; guarded by `mutex`. The hub holds it weakly: a reader that goes away is gone.
struct Subscription::State {
  std::mutex mutex;
  std::vector<std::shared_ptr<const std::string>> queue;
  size_t waiting = 0;        // of the queue, without what a resume or `first` put there
  size_t waiting_bytes = 0;  // likewise
  bool closed = false;
  bool dropped = false;
  std::function<void()> on_ready;

  // Under the lock, so that OnReady({}) guarantees that no call is under way afterwards.
  void Wake() const {
    if (on_ready) on_ready();
  }
};

struct EventHub::Core {
  struct Kept {
    int64_t id;
    std::shared_ptr<const std::string> frame;
  };

  EventHubOptions options;
  mutable std::mutex mutex;
  std::deque<Kept> ring;
  size_t ring_bytes = 0;
  int64_t last_id = 0;
  std::vector<std::weak_ptr<Subscription::State>> subscribers;
  uint64_t dropped = 0;
  bool closed = false;

  void Keep(int64_t id, std::shared_ptr<const std::string> frame) {
    ring_bytes += frame->size();
    ring.push_back({id, std::move(frame)});
    while (ring.size() > options.ring_events || (ring_bytes > options.ring_bytes && !ring.empty())) {
      ring_bytes -= ring.front().frame->size();
      ring.pop_front();
    }
  }

  // False once the subscriber is gone, closed or dropped.
  bool Push(const std::weak_ptr<Subscription::State>& weak,
            const std::vector<std::shared_ptr<const std::string>>& frames) {
    const std::shared_ptr<Subscription::State> state = weak.lock();
    if (!state) return false;
    const std::lock_guard lock(state->mutex);
    for (const auto& frame : frames) {
      state->queue.push_back(frame);
      state->waiting_bytes += frame->size();
    }
    state->waiting += frames.size();
    if (state->waiting > options.queue_events || state->waiting_bytes > options.queue_bytes) {
      state->dropped = true;
      state->queue.clear();
      ++dropped;
    }
    state->Wake();
    return !state->dropped;
  }

  void PruneSubscribers() {
    std::erase_if(subscribers, [](const auto& weak) { return weak.expired(); });
  }
};

Subscription::~Subscription() { OnReady({}); }

std::vector<std::shared_ptr<const std::string>> Subscription::Take() {
  const std::lock_guard lock(state_->mutex);
  state_->waiting = 0;
  state_->waiting_bytes = 0;
  return std::exchange(state_->queue, {});
}

bool Subscription::closed() const {
  const std::lock_guard lock(state_->mutex);
  return state_->closed;
}

bool Subscription::dropped() const {
  const std::lock_guard lock(state_->mutex);
  return state_->dropped;
}

void Subscription::OnReady(std::function<void()> on_ready) {
  const std::lock_guard lock(state_->mutex);
  state_->on_ready = std::move(on_ready);
  if (!state_->queue.empty() || state_->closed || state_->dropped) state_->Wake();
}

EventHub::EventHub(EventHubOptions options) : core_(std::make_shared<Core>()) {
  if (!options.write_id) options.write_id = [](int64_t id) { return std::to_string(id); };
  if (!options.read_id) options.read_id = ReadDecimal;
  core_->last_id = options.first_id - 1;
  core_->options = std::move(options);
}

EventHub::~EventHub() { Close(); }

std::string EventHub::Frame(const Event& event) const {
  std::string out;
  out.reserve(event.data.size() + event.name.size() + 64);
  if (event.id != 0) out += "id: " + OneLine(core_->options.write_id(event.id)) + "\n";
  if (!event.name.empty()) out += "event: " + OneLine(event.name) + "\n";
  AppendData(event.data, &out);
  out += '\n';
  return out;
}

void EventHub::Publish(Event event) {
  std::vector<Event> events;
  events.push_back(std::move(event));
  PublishAll(std::move(events));
}

void EventHub::PublishAll(std::vector<Event> events) {
  const std::lock_guard lock(core_->mutex);
  if (core_->closed) return;
  std::vector<std::shared_ptr<const std::string>> frames;
  for (Event& event : events) {
    if (event.id == 0) event.id = core_->last_id + 1;
    core_->last_id = std::max(core_->last_id, event.id);
    frames.push_back(std::make_shared<const std::string>(Frame(event)));
    core_->Keep(event.id, frames.back());
  }
  std::erase_if(core_->subscribers, [&](const auto& weak) { return !core_->Push(weak, frames); });
}

std::unique_ptr<Subscription> EventHub::Subscribe(std::string_view last_event_id, std::vector<Event> first) {
  const std::lock_guard lock(core_->mutex);
  core_->PruneSubscribers();
  if (core_->closed || core_->subscribers.size() >= core_->options.max_subscribers) return nullptr;
  auto state = std::make_shared<Subscription::State>();
  const std::optional<int64_t> after = core_->options.read_id(last_event_id);
  if (after) {
    for (const Core::Kept& kept : core_->ring) {
      if (kept.id > *after) state->queue.push_back(kept.frame);
    }
  } else {
    for (const Event& event : first)
      state->queue.push_back(std::make_shared<const std::string>(Frame(event)));
  }
  core_->subscribers.push_back(state);
  return std::unique_ptr<Subscription>(new Subscription(std::move(state)));
}

void EventHub::Close() {
  const std::lock_guard lock(core_->mutex);
  core_->closed = true;
  for (const auto& weak : core_->subscribers) {
    const std::shared_ptr<Subscription::State> state = weak.lock();
    if (!state) continue;
    const std::lock_guard state_lock(state->mutex);
    state->closed = true;
    state->Wake();
  }
  core_->subscribers.clear();
}

size_t EventHub::subscribers() const {
  const std::lock_guard lock(core_->mutex);
  core_->PruneSubscribers();
  return core_->subscribers.size();
}

uint64_t EventHub::dropped() const {
  const std::lock_guard lock(core_->mutex);
  return core_->dropped;
}

}  // namespace forewarn::http
