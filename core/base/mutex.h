#pragma once

#include <mutex>

/// Clang's thread-safety attributes; nothing under other compilers. The analysis is on in every clang build
/// (-Wthread-safety).
#if defined(__clang__)
#define TICKBIRD_THREAD_ATTRIBUTE(x) __attribute__((x))
#else
#define TICKBIRD_THREAD_ATTRIBUTE(x)
#endif

/// On a member: read or write it only with the mutex held.
#define TICKBIRD_GUARDED_BY(mutex) TICKBIRD_THREAD_ATTRIBUTE(guarded_by(mutex))
/// On a function: the caller holds the mutex.
#define TICKBIRD_REQUIRES(...) TICKBIRD_THREAD_ATTRIBUTE(requires_capability(__VA_ARGS__))
/// On a function: the caller does not hold the mutex, because the function takes it.
#define TICKBIRD_EXCLUDES(...) TICKBIRD_THREAD_ATTRIBUTE(locks_excluded(__VA_ARGS__))
/// On a mutex: always taken after the named one.
#define TICKBIRD_ACQUIRED_AFTER(...) TICKBIRD_THREAD_ATTRIBUTE(acquired_after(__VA_ARGS__))

namespace tickbird {

/// std::mutex with the attributes that libstdc++'s lacks.
class TICKBIRD_THREAD_ATTRIBUTE(capability("mutex")) Mutex {
 public:
  Mutex() = default;
  Mutex(const Mutex&) = delete;
  Mutex& operator=(const Mutex&) = delete;

  void Lock() TICKBIRD_THREAD_ATTRIBUTE(acquire_capability()) { mutex_.lock(); }
  void Unlock() TICKBIRD_THREAD_ATTRIBUTE(release_capability()) { mutex_.unlock(); }

 private:
  std::mutex mutex_;
};

/// Holds a Mutex for a scope.
class TICKBIRD_THREAD_ATTRIBUTE(scoped_lockable) MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) TICKBIRD_THREAD_ATTRIBUTE(acquire_capability(mutex)) : mutex_(mutex) {
    mutex_.Lock();
  }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;
  ~MutexLock() TICKBIRD_THREAD_ATTRIBUTE(release_capability()) { mutex_.Unlock(); }

 private:
  Mutex& mutex_;
};

}  // namespace tickbird
