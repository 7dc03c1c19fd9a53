#include "agent/net/event_hub.h"

#include <atomic>
#include <utility>
#include <vector>

#include "core/base/strings.h"

namespace tickbird::net {

std::string FormatEvent(std::string_view name, std::string_view data) {
  std::string out = "event: ";
  out += name;
  out += '\n';
  // CR ends a line in this format as LF does; data of ours is JSON and holds neither, but a foreign text might.
  for (std::string_view line : Split(data, '\n')) {
    for (const std::string_view part : Split(line, '\r')) {
      out += "data: ";
      out += part;
      out += '\n';
    }
  }
  out += '\n';
  return out;
}

struct EventHubState {
  explicit EventHubState(IoLoop& given_loop, EventHub::Options given) : loop(given_loop), options(given) {}
  IoLoop& loop;
  const EventHub::Options options;
  std::list<std::weak_ptr<Subscriber>> subscribers;
  EventHub::Stats stats;
};

struct Greeting::Once {
  ~Once() { Use({}); }
  void Use(std::string events) {
    if (!used.exchange(true)) send(std::move(events));
  }
  std::function<void(std::string)> send;
  std::atomic<bool> used = false;
};

Greeting::Greeting(std::function<void(std::string)> send) : once_(std::make_shared<Once>()) {
  once_->send = std::move(send);
}

void Greeting::Send(std::string events) const {
  once_->Use(std::move(events));
}

std::shared_ptr<const std::string> Subscriber::Take() {
  if (!greeted_ || queue_.empty()) return nullptr;
  std::shared_ptr<const std::string> event = std::move(queue_.front());
  queue_.pop_front();
  queued_bytes_ -= event->size();
  return event;
}

void Subscriber::Push(std::shared_ptr<const std::string> event) {
  queued_bytes_ += event->size();
  queue_.push_back(std::move(event));
}

EventHub::EventHub(IoLoop& loop, Options options) : state_(std::make_shared<EventHubState>(loop, options)) {}

EventHub::~EventHub() {
  for (const auto& weak : std::exchange(state_->subscribers, {})) {
    const std::shared_ptr<Subscriber> subscriber = weak.lock();
    if (subscriber == nullptr) continue;
    subscriber->dropped_ = true;
    if (subscriber->on_change) subscriber->on_change();
  }
}

std::shared_ptr<Subscriber> EventHub::Join(const HttpRequest& request, const Greeter& greeter) {
  if (state_->stats.subscribers >= state_->options.max_subscribers) {
    ++state_->stats.refused_full;
    return nullptr;
  }
  // The deleter is the leave: it works whether the session ends by itself or is destroyed with the loop.
  std::shared_ptr<Subscriber> subscriber(new Subscriber, [state = std::weak_ptr(state_)](Subscriber* leaving) {
    delete leaving;
    if (const auto hub = state.lock()) --hub->stats.subscribers;
  });
  ++state_->stats.subscribers;
  ++state_->stats.accepted;
  state_->subscribers.push_back(subscriber);
  greeter(request, Greeting([&loop = state_->loop, weak = std::weak_ptr(subscriber)](std::string events) {
            loop.Dispatch([weak, events = std::move(events)]() mutable {
              const std::shared_ptr<Subscriber> greeted = weak.lock();
              if (greeted == nullptr) return;
              greeted->greeted_ = true;
              greeted->queued_bytes_ += events.size();
              greeted->queue_.push_front(std::make_shared<const std::string>(std::move(events)));
              if (greeted->on_change) greeted->on_change();
            });
          }));
  return subscriber;
}

void EventHub::Broadcast(std::string_view name, std::string_view data) {
  if (state_->stats.subscribers == 0) return;
  const auto event = std::make_shared<const std::string>(FormatEvent(name, data));
  ++state_->stats.events;
  std::erase_if(state_->subscribers, [](const auto& weak) { return weak.expired(); });
  // on_change may end a session and so change the list: it is called from a copy.
  std::vector<std::shared_ptr<Subscriber>> current;
  for (const auto& weak : state_->subscribers) current.push_back(weak.lock());
  for (const auto& subscriber : current) {
    if (subscriber->dropped_) continue;
    if (subscriber->queued_bytes_ + event->size() > state_->options.max_queued_bytes) {
      subscriber->dropped_ = true;
      ++state_->stats.dropped_slow;
    } else {
      subscriber->Push(event);
    }
    if (subscriber->on_change) subscriber->on_change();
  }
}

bool EventHub::has_subscribers() const {
  return state_->stats.subscribers > 0;
}
EventHub::Stats EventHub::stats() const {
  return state_->stats;
}
DurationMs EventHub::keep_alive() const {
  return state_->options.keep_alive;
}

}  // namespace tickbird::net
