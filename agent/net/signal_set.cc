#include "agent/net/signal_set.h"

#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <utility>

namespace tickbird::net {

struct SignalSet::State : std::enable_shared_from_this<SignalSet::State> {
  State(IoLoop& loop, Callbacks given)
      : signals(loop.context(), SIGTERM, SIGINT, SIGHUP), callbacks(std::move(given)) {}

  void Wait() {
    signals.async_wait([self = weak_from_this()](const boost::system::error_code& error, int number) {
      const std::shared_ptr<State> state = self.lock();
      if (error || state == nullptr) return;
      state->Wait();
      if (number == SIGHUP) {
        state->callbacks.reload();
      } else {
        state->callbacks.stop(number);
      }
    });
  }

  boost::asio::signal_set signals;
  Callbacks callbacks;
};

SignalSet::SignalSet(IoLoop& loop, Callbacks callbacks) : state_(std::make_shared<State>(loop, std::move(callbacks))) {
  std::signal(SIGPIPE, SIG_IGN);
  state_->Wait();
}

SignalSet::~SignalSet() {
  boost::system::error_code ignored;
  state_->signals.cancel(ignored);
}

}  // namespace tickbird::net
