#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <string_view>

#include "agent/net/http.h"
#include "agent/net/io_loop.h"
#include "core/base/clock.h"

namespace tickbird::net {

/// One server-sent event in wire form. `name` has no line breaks; each line of `data` becomes a data line. Text is
/// UTF-8. Source: WHATWG HTML, section 9.2 (server-sent events).
std::string FormatEvent(std::string_view name, std::string_view data);

/// One client of an EventHub, as the server's session sees it. I/O thread only.
class Subscriber {
 public:
  /// What is to be written next; null when there is nothing (yet).
  std::shared_ptr<const std::string> Take();
  /// True once the hub has let this subscriber go: it was too slow, or the hub closed. The connection ends.
  bool is_dropped() const { return dropped_; }
  /// Called when there is something to take, and when it was dropped.
  std::function<void()> on_change;

 private:
  friend class EventHub;
  void Push(std::shared_ptr<const std::string> event);

  std::deque<std::shared_ptr<const std::string>> queue_;
  std::size_t queued_bytes_ = 0;
  bool greeted_ = false;
  bool dropped_ = false;
};

/// The right to send one new subscriber its first events. Thread safe; copies share it. What is broadcast before Send
/// is kept and follows the greeting, so a snapshot taken in between can only overlap with ticks, never miss one. When
/// the last copy goes unused the stream begins without a greeting.
class Greeting {
 public:
  explicit Greeting(std::function<void(std::string)> send);
  /// `events`: any number of FormatEvent texts. A second call does nothing.
  void Send(std::string events) const;

 private:
  struct Once;
  std::shared_ptr<Once> once_;
};
/// Called on the I/O thread for each new subscriber.
using Greeter = std::function<void(const HttpRequest&, Greeting)>;

/// Broadcasts text events to the clients of a stream. I/O thread only, except that Greeting is thread safe.
///
/// Bounds: `max_subscribers` (more get 503), and per subscriber `max_queued_bytes` that it has not taken yet: a client
/// that falls behind further is dropped and counted, and reconnects by itself to a fresh snapshot. Events are shared,
/// not copied.
class EventHub {
 public:
  struct Options {
    std::size_t max_subscribers = 32;
    std::size_t max_queued_bytes = 512 * 1024;
    DurationMs keep_alive =
        15 * kSecondMs;  ///< After this silence a comment line is sent, so that proxies keep the line open.
  };
  struct Stats {
    std::size_t subscribers = 0;
    std::uint64_t accepted = 0;
    std::uint64_t refused_full = 0;
    std::uint64_t dropped_slow = 0;
    std::uint64_t events = 0;
  };

  EventHub(IoLoop& loop, Options options);
  explicit EventHub(IoLoop& loop) : EventHub(loop, Options()) {}
  ~EventHub();
  EventHub(const EventHub&) = delete;
  EventHub& operator=(const EventHub&) = delete;

  /// Nobody listening: costs nothing but the call. `data` is one JSON text as a rule.
  void Broadcast(std::string_view name, std::string_view data);
  bool has_subscribers() const;
  Stats stats() const;

  /// For the server's session: a new subscriber, greeted by `greeter`, or null when the hub is full. It leaves when the
  /// last reference outside goes.
  std::shared_ptr<Subscriber> Join(const HttpRequest& request, const Greeter& greeter);
  DurationMs keep_alive() const;

 private:
  std::shared_ptr<struct EventHubState> state_;
};

}  // namespace tickbird::net
