#pragma once

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

#if defined(__clang__)
#define TICKBIRD_THREAD_ANNOTATION(x) __attribute__((x))
#else
#define TICKBIRD_THREAD_ANNOTATION(x)
#endif
#define TICKBIRD_GUARDED_BY(x) TICKBIRD_THREAD_ANNOTATION(guarded_by(x))
#define TICKBIRD_REQUIRES(...) TICKBIRD_THREAD_ANNOTATION(requires_capability(__VA_ARGS__))
/// The caller must not hold it: the function takes it.
#define TICKBIRD_EXCLUDES(...) TICKBIRD_THREAD_ANNOTATION(locks_excluded(__VA_ARGS__))
/// On a mutex: taken after the named one where both are held.
#define TICKBIRD_ACQUIRED_AFTER(...) TICKBIRD_THREAD_ANNOTATION(acquired_after(__VA_ARGS__))

namespace tickbird {

/// std::mutex that clang's -Wthread-safety can follow (libstdc++'s own carries no attributes).
class TICKBIRD_THREAD_ANNOTATION(capability("mutex")) Mutex {
 public:
  void Lock() TICKBIRD_THREAD_ANNOTATION(acquire_capability()) {
    if (mutex_.try_lock()) return;
    waiting_.fetch_add(1, std::memory_order_relaxed);
    mutex_.lock();
    waiting_.fetch_sub(1, std::memory_order_relaxed);
  }
  void Unlock() TICKBIRD_THREAD_ANNOTATION(release_capability()) { mutex_.unlock(); }

  /// For a thread that takes the lock again and again: lets those that wait for it have it first. Without this they may
  /// wait until it is done, since a std::mutex goes to whoever is awake.
  void GiveWay() const TICKBIRD_THREAD_ANNOTATION(locks_excluded(this)) {
    for (int i = 0; i < kMostYields && waiting_.load(std::memory_order_relaxed) > 0; ++i) std::this_thread::yield();
  }

 private:
  friend class CondVar;
  // Some ten microseconds at least, a thread's waking up; an end, should waiters come without one.
  static constexpr int kMostYields = 1000;
  std::mutex mutex_;
  std::atomic<int> waiting_ = 0;
};

/// Holds a Mutex for a scope.
class TICKBIRD_THREAD_ANNOTATION(scoped_lockable) MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) TICKBIRD_THREAD_ANNOTATION(acquire_capability(mutex)) : mutex_(mutex) {
    mutex_.Lock();
  }
  ~MutexLock() TICKBIRD_THREAD_ANNOTATION(release_capability()) { mutex_.Unlock(); }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

 private:
  Mutex& mutex_;
};

/// A condition of what a Mutex guards. Wakes may be spurious: wait in a loop over the condition.
class CondVar {
 public:
  void Wait(Mutex& mutex) TICKBIRD_REQUIRES(mutex) {
    std::unique_lock lock(mutex.mutex_, std::adopt_lock);
    condition_.wait(lock);
    lock.release();
  }
  void NotifyOne() { condition_.notify_one(); }
  void NotifyAll() { condition_.notify_all(); }

 private:
  std::condition_variable condition_;
};

}  // namespace tickbird
