#pragma once

#include <cstdint>
#include <functional>

#include "core/base/result.h"
#include "notifiers/store/store_batch.h"

namespace tickbird::notify {

/// Where the notifier writes its state. `done` comes exactly once, on the thread that called Commit, later than the
/// call; with an error the changes are kept in memory and tried again before anything newer.
class Persistence {
 public:
  using Done = std::function<void(Status)>;
  struct Stats {
    std::uint64_t commits = 0;
    std::uint64_t failures = 0;
    bool failing = false;  ///< The last try failed; changes wait in memory.
    std::int64_t commit_us_sum = 0;
    std::int64_t commit_us_max = 0;
  };

  virtual ~Persistence() = default;
  virtual void Commit(StoreBatch batch, Done done) = 0;
  virtual Stats stats() const = 0;
};

}  // namespace tickbird::notify
