#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "core/base/clock.h"
#include "core/base/error.h"
#include "notifiers/store/persistence.h"
#include "notifiers/store/store_batch.h"

namespace tickbird::notify {

/// What the notifier starts with.
struct OpenedState {
  StoredState stored;
  std::unique_ptr<Persistence> persistence;  ///< Never null.
  /// Why the state is not what was left: state.db was set aside as broken, or cannot be used at all, and then nothing
  /// is stored in this life. kUnsupported (written by a newer version) is one to stop at.
  std::optional<Error> problem;
};

/// Opens state.db at `path` and reads it; blocks on the disk. `post` runs functions on the I/O thread and is thread
/// safe. Without a usable file alerting goes on in memory rather than not at all.
OpenedState OpenState(const std::string& path, TimestampMs now, std::function<void(std::function<void()>)> post);

}  // namespace tickbird::notify
