// The HTTP client, over libcurl: one kept handle a thread (and with it kept connections), deadlines on
// everything, http and https only, replies bounded. Idempotent requests are tried again after a failure to
// connect or a 502, 503, 504, with growing pauses; others never. Blocks: call it from a worker, never from an
// I/O thread. Any thread.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "core/status.h"
#include "http/message.h"

namespace forewarn::http {

struct ClientOptions {
  std::chrono::milliseconds connect_timeout{2'000};
  std::chrono::milliseconds timeout{10'000};  // for all of it, retries and pauses included
  size_t max_reply = size_t{64} << 20;
  int retries = 2;  // of GET, HEAD, PUT and DELETE
  std::chrono::milliseconds first_pause{50};
  std::string bearer;  // sent to every URL this client is asked for
  std::string user;    // with `password`, by the Basic scheme; not beside a bearer
  std::string password;
  bool idempotent = false;  // POST may be tried again too (a pure computation such as /predict)
  std::string ca_file;      // PEM; "": the system's
};

struct ClientRequest {
  Method method = Method::kGet;
  std::string url;
  std::string body;
  std::string content_type;    // of the body
  std::vector<Field> headers;  // beside Content-Type, Authorization
};

struct ClientReply {
  int status = 0;
  std::string content_type;
  std::string body;
  Fields fields;
};

class Client {
 public:
  explicit Client(ClientOptions options = {});
  // Any reply of the server is a success here, whatever its status. kUnavailable: not reached, broken off, or
  // too slow; kInvalid: a URL that is none, a reply over max_reply. Messages name host and port, no secret.
  Result<ClientReply> Send(const ClientRequest& request) const;
  Result<ClientReply> Get(const std::string& url) const;
  Result<ClientReply> PostJson(const std::string& url, std::string body) const;

 private:
  ClientOptions options_;
};

// One received server-sent event.
struct ReceivedEvent {
  std::string name;  // "message" when the server gave none
  std::string data;
  std::string id;  // the last one seen
};

struct EventReaderOptions {
  std::string url;
  std::string bearer;
  std::string last_event_id;  // to resume after
  std::chrono::milliseconds connect_timeout{2'000};
  std::chrono::milliseconds silence{45'000};  // nothing for so long, heartbeats included: connect again
  std::chrono::milliseconds first_pause{200};
  std::chrono::milliseconds max_pause{5'000};
  size_t max_event = size_t{1} << 20;
};

// Reads a stream of events until stopped, connecting again (with Last-Event-ID) whenever it breaks. on_event
// and on_state run on the calling thread; on_state gets Ok when a stream stands and the failure when it
// breaks. Returns within about 200 ms of the stop request.
void ReadEvents(const EventReaderOptions& options, std::stop_token stop,
                const std::function<void(const ReceivedEvent&)>& on_event,
                const std::function<void(const Status&)>& on_state);

// The bytes of a text/event-stream → events, as the HTML standard reads them; bytes may be cut anywhere.
class EventParser {
 public:
  explicit EventParser(size_t max_event, std::string last_event_id = "") : max_event_(max_event) {
    event_.id = std::move(last_event_id);
  }
  // false: an event over max_event bytes; the stream must be given up.
  bool Feed(std::string_view bytes, const std::function<void(const ReceivedEvent&)>& on_event);
  const std::string& last_event_id() const { return event_.id; }
  int retry_ms() const { return retry_ms_; }  // the server's hint; -1: none

 private:
  void Line(std::string_view line, const std::function<void(const ReceivedEvent&)>& on_event);

  size_t max_event_;
  std::string line_;
  ReceivedEvent event_;
  bool has_data_ = false;
  bool after_cr_ = false;
  bool at_start_ = true;
  int retry_ms_ = -1;
};

}  // namespace forewarn::http
