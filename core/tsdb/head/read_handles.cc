#include "core/tsdb/head/read_handles.h"

#include <algorithm>

namespace tickbird::tsdb {

Result<std::shared_ptr<const RandomAccessFile>> ReadHandles::Get(const std::string& path) {
  {
    MutexLock lock(mutex_);
    const auto found = std::find_if(open_.begin(), open_.end(), [&](const auto& entry) { return entry.first == path; });
    if (found != open_.end()) {
      std::rotate(found, found + 1, open_.end());
      return open_.back().second;
    }
  }
  TICKBIRD_ASSIGN_OR_RETURN(std::unique_ptr<RandomAccessFile> opened, fs_.OpenRead(path));
  const Handle handle = std::move(opened);
  MutexLock lock(mutex_);
  if (open_.size() >= kMostOpen) open_.erase(open_.begin());
  open_.emplace_back(path, handle);
  return handle;
}

void ReadHandles::Forget(const std::string& path) {
  MutexLock lock(mutex_);
  std::erase_if(open_, [&](const auto& entry) { return entry.first == path; });
}

}  // namespace tickbird::tsdb
