#pragma once

#include <cstdint>
#include <functional>
#include <memory>

namespace boost::asio {
class io_context;
}

namespace tickbird::net {

/// The one thread that all sockets, timers and mutable service state live on. Everything handed to Post runs there, one
/// function after the other, so what is only touched from it needs no lock.
///
/// Owned by the composition root, and destroyed last: everything in this folder keeps a reference. Post and Stop are
/// thread safe; the rest is not.
class IoLoop {
 public:
  using Function = std::function<void()>;

  IoLoop();
  ~IoLoop();
  IoLoop(const IoLoop&) = delete;
  IoLoop& operator=(const IoLoop&) = delete;

  /// Runs on the calling thread until Stop. An exception that a function throws is logged, counted and survived.
  void Run();
  /// Makes Run return after the function that runs now. Functions not yet run are destroyed with the loop.
  void Stop();

  /// Runs `function` on the loop's thread, never inside this call.
  void Post(Function function);
  /// As Post, but at once when the caller is on the loop's thread already.
  void Dispatch(Function function);
  bool IsLoopThread() const;
  /// Exceptions that reached Run: faults of ours that did not stop the process.
  std::uint64_t caught_exceptions() const { return caught_exceptions_; }

  /// For the files of this folder that know Asio.
  boost::asio::io_context& context() { return *context_; }

 private:
  std::unique_ptr<boost::asio::io_context> context_;
  std::uint64_t caught_exceptions_ = 0;
};

}  // namespace tickbird::net
