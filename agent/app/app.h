#pragma once

#include <memory>

#include "agent/app/loader.h"
#include "core/base/result.h"

namespace tickbird::app {

/// The whole process: every part, made in the order in which they need each other and taken down in the reverse one.
///
///   store -> rules -> notifier -> sources (sampling, StatsD, checks) -> interfaces (HTTP, dashboard)
///
/// What lives on the I/O thread is not locked; the worker pool and the clients' thread touch only what is made for it.
class App {
 public:
  /// Opens the data directory, replays, binds the sockets; nothing runs yet. `options` is what a reload reads again.
  /// Errors say what to do: directory locked, port taken, no permission.
  static Result<std::unique_ptr<App>> Create(LoadOptions options, Loaded loaded);
  ~App();

  /// Serves until SIGTERM or SIGINT, then stops intake, delivers what is queued within the grace period, and makes the
  /// log safe. Returns the exit code.
  int Run();

 private:
  class Impl;
  explicit App(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace tickbird::app
