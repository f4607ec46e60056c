// ReadEvents and EventParser: the reading end of server-sent events.
#include <algorithm>
#include <charconv>
#include <thread>

#include "http/client.h"
#include "http/curl.h"

namespace forewarn::http {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds kStopCheck{50};  // while pausing

struct Reading {
  CURL* curl = nullptr;
  EventParser* parser = nullptr;
  const std::function<void(const ReceivedEvent&)>* on_event = nullptr;
  const std::function<void(const Status&)>* on_state = nullptr;
  std::stop_token stop;
  Clock::time_point last_byte;
  bool standing = false;
  bool too_large = false;
};

size_t TakeEvents(char* bytes, size_t, size_t size, void* user) {
  auto* reading = static_cast<Reading*>(user);
  if (reading->stop.stop_requested()) return 0;
  reading->last_byte = Clock::now();
  long status = 0;
  curl_easy_getinfo(reading->curl, CURLINFO_RESPONSE_CODE, &status);
  if (status != 200) return size;  // an error's body: judged when it is over
  if (!std::exchange(reading->standing, true)) (*reading->on_state)(Status::Ok());
  reading->too_large = !reading->parser->Feed({bytes, size}, *reading->on_event);
  return reading->too_large ? 0 : size;
}

// One connection from beginning to end; the reason of its end.
Status ReadOnce(const EventReaderOptions& options, EventParser* parser, Reading* reading) {
  CURL* curl = ThreadHandle();
  if (curl == nullptr) return Status::Internal("curl gives no handle");
  reading->curl = curl;
  reading->parser = parser;
  reading->last_byte = Clock::now();
  reading->standing = false;
  SetCommon(curl, options.connect_timeout, "");
  HeaderList headers;
  headers.Add("Accept", "text/event-stream");
  if (!options.bearer.empty()) headers.Add("Authorization", "Bearer " + options.bearer);
  if (!parser->last_event_id().empty()) headers.Add("Last-Event-ID", parser->last_event_id());
  curl_easy_setopt(curl, CURLOPT_URL, options.url.c_str());
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers.get());
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, TakeEvents);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, reading);
  const CURLcode code = PerformStoppable(curl, [&] {
    return reading->stop.stop_requested() || Clock::now() - reading->last_byte > options.silence;
  });
  const std::string place = PlaceOf(options.url);
  if (reading->too_large) return Status::Invalid(place + " sends an event larger than is taken");
  long status = 0;
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
  if (code == CURLE_OK && status != 200) {
    return Status::Unavailable(place + " refuses the event stream with status " + std::to_string(status));
  }
  if (code == CURLE_OK) return Status::Unavailable(place + " ended the event stream");
  if (code == CURLE_ABORTED_BY_CALLBACK) return Status::Unavailable(place + " went silent");
  return CurlFailure(code, place);
}

}  // namespace

void ReadEvents(const EventReaderOptions& options, std::stop_token stop,
                const std::function<void(const ReceivedEvent&)>& on_event,
                const std::function<void(const Status&)>& on_state) {
  Reading reading;
  reading.on_event = &on_event;
  reading.on_state = &on_state;
  reading.stop = stop;
  milliseconds pause = options.first_pause;
  std::string last_event_id = options.last_event_id;
  int retry_ms = -1;
  while (!stop.stop_requested()) {
    EventParser parser(options.max_event, last_event_id);
    const Status end = ReadOnce(options, &parser, &reading);
    if (stop.stop_requested()) return;
    on_state(end);
    last_event_id = parser.last_event_id();
    if (parser.retry_ms() >= 0) retry_ms = parser.retry_ms();
    if (reading.standing) pause = options.first_pause;
    const milliseconds wait =
        std::min(std::max(pause, milliseconds(reading.standing ? retry_ms : 0)), options.max_pause);
    for (const auto until = Clock::now() + wait; Clock::now() < until && !stop.stop_requested();) {
      std::this_thread::sleep_for(kStopCheck);
    }
    pause = std::min(pause * 2, options.max_pause);
  }
}

bool EventParser::Feed(std::string_view bytes, const std::function<void(const ReceivedEvent&)>& on_event) {
  while (!bytes.empty()) {
    if (after_cr_ && bytes.front() == '\n') bytes.remove_prefix(1);
    after_cr_ = false;
    const size_t end = bytes.find_first_of("\r\n");
    line_ += bytes.substr(0, end);
    if (line_.size() + event_.data.size() > max_event_) return false;
    if (end == std::string_view::npos) return true;
    after_cr_ = bytes[end] == '\r';
    bytes.remove_prefix(end + 1);
    std::string_view line = line_;
    if (at_start_ && line.starts_with("\xEF\xBB\xBF")) line.remove_prefix(3);
    at_start_ = false;
    Line(line, on_event);
    line_.clear();
  }
  return true;
}

void EventParser::Line(std::string_view line, const std::function<void(const ReceivedEvent&)>& on_event) {
  if (line.empty()) {
    if (has_data_) {
      if (event_.name.empty()) event_.name = "message";
      on_event(event_);
    }
    event_.name.clear();
    event_.data.clear();
    has_data_ = false;
    return;
  }
  const size_t colon = line.find(':');
  const std::string_view field = line.substr(0, colon);
  std::string_view value = colon == std::string_view::npos ? std::string_view() : line.substr(colon + 1);
  if (value.starts_with(' ')) value.remove_prefix(1);
  if (field == "event") {
    event_.name = value;
  } else if (field == "data") {
    if (has_data_) event_.data += '\n';
    event_.data += value;
    has_data_ = true;
  } else if (field == "id" && value.find('\0') == std::string_view::npos) {
    event_.id = value;
  } else if (field == "retry") {
    int milliseconds_given = 0;
    const auto [stop, error] = std::from_chars(value.data(), value.data() + value.size(), milliseconds_given);
    if (error == std::errc() && stop == value.data() + value.size()) retry_ms_ = milliseconds_given;
  }
}

}  // namespace forewarn::http
