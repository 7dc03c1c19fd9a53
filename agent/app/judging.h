#pragma once

#include "agent/net/io_loop.h"
#include "agent/net/timers.h"
#include "core/base/clock.h"
#include "core/model/commit_notice.h"
#include "rules/eval/engine.h"

namespace tickbird::app {

/// Drives the rule engine on the I/O thread: evaluates what a commit made due as soon as the committer is done, and
/// what time alone makes due by a timer. Works in slices, so that ten thousand rules hold up no request for long.
class Judging {
 public:
  Judging(net::IoLoop& loop, net::Timers& timers, const Clock& clock, rules::RuleEngine& engine);
  ~Judging() { Stop(); }
  Judging(const Judging&) = delete;
  Judging& operator=(const Judging&) = delete;

  void OnCommit(const CommitNotice& notice);
  /// Looks at once at what is due: after a start or a reload.
  void Wake();
  void Stop();

  /// When the engine was last asked; the heartbeat of /health/live.
  TimestampMs last_run() const { return last_run_; }

 private:
  void Evaluate();
  void ScheduleNext();

  net::IoLoop& loop_;
  net::Timers& timers_;
  const Clock& clock_;
  rules::RuleEngine& engine_;
  net::Timers::Id timer_ = 0;
  bool posted_ = false;
  bool stopped_ = false;
  TimestampMs last_run_ = 0;
};

}  // namespace tickbird::app
