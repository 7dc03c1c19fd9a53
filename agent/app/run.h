#pragma once

#include <string>

namespace tickbird::app {

struct RunOptions {
  std::string config_path;  ///< Empty: the built-in configuration.
  std::string listen;       ///< Not empty: instead of the configuration's.
  std::string data_path;    ///< Not empty: instead of the configuration's.
};

/// `tickbird run`: loads everything, starts, runs until SIGTERM or SIGINT, stops in order. Returns the exit code of the
/// process: 0 after a stop, 1 when it could not start (port taken, data directory locked), 2 for a bad configuration
/// (nothing started).
int RunAgent(const RunOptions& options);

}  // namespace tickbird::app
