#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/base/fs.h"
#include "core/base/mutex.h"
#include "core/base/result.h"

namespace tickbird::tsdb {

/// Files that are open for reading; the ones that were not used for longest are closed, so that hundreds of files cost
/// few descriptors. Thread safe.
class ReadHandles {
 public:
  static constexpr std::size_t kMostOpen = 32;

  explicit ReadHandles(Fs& fs) : fs_(fs) {}

  Result<std::shared_ptr<const RandomAccessFile>> Get(const std::string& path) TICKBIRD_EXCLUDES(mutex_);
  /// For a path whose file is another one now, or gone.
  void Forget(const std::string& path) TICKBIRD_EXCLUDES(mutex_);

 private:
  using Handle = std::shared_ptr<const RandomAccessFile>;

  Fs& fs_;
  Mutex mutex_;
  std::vector<std::pair<std::string, Handle>> open_ TICKBIRD_GUARDED_BY(mutex_);  // last used last
};

}  // namespace tickbird::tsdb
