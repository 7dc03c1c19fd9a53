#pragma once

#include <cstdint>
#include <memory>

#include "core/model/appender.h"

namespace tickbird::rules {

/// Collects what rules write, so that a cycle of many rules is one commit, or one more for each chain of rules. Not
/// thread safe.
class OutputBatch {
 public:
  explicit OutputBatch(Appendable& out) : out_(out) {}

  Appender& appender() {
    if (!open_) {
      open_ = out_.NewAppender();
      open_->SetSource("rules");
    }
    return *open_;
  }

  /// Makes what was written visible. A commit that the log did not take is counted: its samples are visible all the
  /// same.
  void Flush() {
    if (!open_) return;
    flushing_ = true;
    if (!open_->Commit()) ++failed_commits_;
    flushing_ = false;
    open_.reset();
  }

  /// True while a commit of ours calls the listeners of the store.
  bool flushing() const { return flushing_; }
  std::uint64_t failed_commits() const { return failed_commits_; }

 private:
  Appendable& out_;
  std::unique_ptr<Appender> open_;
  bool flushing_ = false;
  std::uint64_t failed_commits_ = 0;
};

}  // namespace tickbird::rules
