#pragma once

#include <sys/statvfs.h>

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

namespace tickbird::samplers {

/// statvfs(2) or a test's stand-in; 0 or an errno.
using StatvfsFunction = std::function<int(const char* path, struct statvfs& out)>;

/// What is known of one filesystem.
struct StatvfsResult {
  int error = 0;  ///< errno; ETIMEDOUT while an earlier question is still unanswered
  struct statvfs values = {};
};

/// Asks filesystems that may never answer, without waiting for them: each question runs on a short-lived thread, and
/// Ask returns what the question before has found. A dead server so costs one stuck thread per mount and shows as
/// ETIMEDOUT from the next Ask on, and a live one is one interval late. Threads are detached, for a stuck one could not
/// be joined; they own what they write to. At most kMaxPaths. Not thread safe itself.
class StatvfsProbe {
 public:
  static constexpr std::size_t kMaxPaths = 32;

  explicit StatvfsProbe(StatvfsFunction statvfs_function) : statvfs_(std::move(statvfs_function)) {}

  /// Nothing when it is the first question for this path, and EMFILE over kMaxPaths or when no thread can be made.
  std::optional<StatvfsResult> Ask(const std::string& path);
  /// Forgets paths that were not asked for since the last call.
  void ForgetOthers();

 private:
  struct Answer;
  struct Path {
    std::shared_ptr<Answer> pending;
    bool is_asked = false;
  };

  bool Start(const std::string& path, Path& state);

  StatvfsFunction statvfs_;
  std::map<std::string, Path> paths_;
};

}  // namespace tickbird::samplers
