#pragma once

#include <atomic>
#include <chrono>
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
    is_wanted_.store(true, std::memory_order_relaxed);
    mutex_.lock();
  }
  void Unlock() TICKBIRD_THREAD_ANNOTATION(release_capability()) { mutex_.unlock(); }

  /// For a thread that takes the lock again and again, before each time: stays away for a moment when another had to
  /// wait for it since the last call. Without this the others may wait until it is done, since a std::mutex goes to
  /// whoever is awake; and one that takes the lock for each of many samples would wait for each.
  void GiveWay() TICKBIRD_THREAD_ANNOTATION(locks_excluded(this)) {
    if (is_wanted_.exchange(false, std::memory_order_relaxed)) std::this_thread::sleep_for(kMoment);
  }

 private:
  friend class CondVar;
  // Enough for a thread to wake up and for a batch of some hundred samples.
  static constexpr std::chrono::microseconds kMoment{100};
  std::mutex mutex_;
  std::atomic<bool> is_wanted_ = false;
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
