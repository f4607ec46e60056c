// For tests: a server on a free port with two routes and whatever a test adds, and a gate that holds
// handlers.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>

#include "http/raw_client.h"
#include "http/server.h"

namespace forewarn::http {

// Lets handlers wait until the test lets them go.
class Gate {
 public:
  void Wait() {
    std::unique_lock lock(mutex_);
    ++waiting_;
    changed_.notify_all();
    changed_.wait(lock, [this] { return open_; });
  }
  void AwaitWaiting(int count) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, std::chrono::seconds(10), [&] { return waiting_ >= count; });
  }
  void Open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int waiting_ = 0;
  bool open_ = false;
};

class ServerFixture : public ::testing::Test {
 protected:
  void SetUp() override {
    options_.io_threads = 2;
    router_->Add(Method::kGet, "/health", Inline{[](const Request&) { return Json(200, "{}"); }});
    RouteOptions small;
    small.max_body = 1000;
    router_->Add(
        Method::kPost, "/small",
        Inline{[](const Request& request) { return Text(200, std::to_string(request.body.size())); }}, small);
  }
  void Start() {
    server_ = std::make_unique<Server>(options_);
    const auto port = server_->Listen("127.0.0.1", 0, router_);
    ASSERT_TRUE(port.ok());
    port_ = *port;
    ASSERT_TRUE(server_->Start().ok());
  }
  RawReply Ask(std::string_view bytes) {
    RawClient client(port_);
    return client.Ask(bytes);
  }
  bool Healthy() { return Ask(RawRequest("GET", "/health")).status == 200; }
  template <typename Condition>
  static bool Eventually(Condition condition) {
    for (int i = 0; i < 2000 && !condition(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    return condition();
  }

  ServerOptions options_;
  std::shared_ptr<Router> router_ = std::make_shared<Router>();
  std::unique_ptr<Server> server_;
  int port_ = 0;
};

}  // namespace forewarn::http
