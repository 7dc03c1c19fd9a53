#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <type_traits>

#include "agent/net/http_server.h"
#include "agent/net/io_loop.h"

namespace tickbird::net {

/// The only two lengths of time in these tests: one that must not be reached, and one that must be.
inline constexpr DurationMs kNeverExpires = 30 * kSecondMs;
inline constexpr DurationMs kMustExpire = 150;

/// An IoLoop on a thread of its own.
class LoopThread {
 public:
  LoopThread() : thread_([this] { loop_.Run(); }) {}
  ~LoopThread() { Join(); }
  void Join() {
    if (!thread_.joinable()) return;
    loop_.Post([this] { loop_.Stop(); });
    thread_.join();
  }

  IoLoop& loop() { return loop_; }

  /// Runs `function` on the loop and returns what it returns.
  template <class F>
  auto Call(F function) -> std::invoke_result_t<F> {
    using R = std::invoke_result_t<F>;
    auto task = std::make_shared<std::packaged_task<R()>>(std::move(function));
    std::future<R> result = task->get_future();
    loop_.Post([task] { (*task)(); });
    return result.get();
  }

  /// Asks again and again until `condition` holds on the loop; false after kNeverExpires.
  template <class F>
  bool WaitFor(F condition) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(kNeverExpires);
    while (std::chrono::steady_clock::now() < end) {
      if (Call(condition)) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    return false;
  }

 private:
  IoLoop loop_;
  std::thread thread_;
};

/// A blocking TCP client that sends exactly the bytes it is given.
class RawClient {
 public:
  /// `receive_buffer_bytes`: 0 for the system's choice.
  explicit RawClient(std::uint16_t port, int receive_buffer_bytes = 0);
  ~RawClient();
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  /// False when the peer has closed.
  bool Send(std::string_view bytes);
  /// One response: the head and as many body bytes as its Content-Length says. "" when the connection ended before.
  std::string ReadResponse(bool has_body = true);
  /// Everything up to and with `text`, or all that came when the connection ended before.
  std::string ReadUntil(std::string_view text);
  /// Everything until the peer closes. `closed` is false when it did not within kNeverExpires.
  std::string ReadToEnd(bool* closed = nullptr);

 private:
  bool Receive();
  int fd_ = -1;
  bool timed_out_ = false;
  std::string buffer_;
};

/// A server with `router`, on a free port of 127.0.0.1.
class TestServer {
 public:
  TestServer(LoopThread& thread, std::shared_ptr<const Router> router, HttpLimits limits = {});
  ~TestServer();
  std::uint16_t port() const { return port_; }
  HttpServer& server() { return *server_; }
  HttpStats stats() {
    return thread_.Call([this] { return server_->stats(); });
  }

 private:
  LoopThread& thread_;
  std::unique_ptr<HttpServer> server_;
  std::uint16_t port_ = 0;
};

}  // namespace tickbird::net
