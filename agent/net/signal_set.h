#pragma once

#include <functional>
#include <memory>

#include "agent/net/io_loop.h"

namespace tickbird::net {

/// Turns SIGTERM, SIGINT and SIGHUP into calls on the I/O thread, as often as they come, while this object lives.
/// SIGPIPE is ignored from then on: a peer that closes early is an error code, not the end of the process. One per
/// process.
class SignalSet {
 public:
  struct Callbacks {
    std::function<void(int signal_number)> stop;  ///< SIGTERM and SIGINT.
    std::function<void()> reload;                 ///< SIGHUP.
  };
  SignalSet(IoLoop& loop, Callbacks callbacks);
  ~SignalSet();
  SignalSet(const SignalSet&) = delete;
  SignalSet& operator=(const SignalSet&) = delete;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace tickbird::net
