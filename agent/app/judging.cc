#include "agent/app/judging.h"

namespace tickbird::app {
namespace {

/// About half a millisecond of rules that read a few series each.
constexpr std::size_t kRulesPerSlice = 32;

}  // namespace

Judging::Judging(net::IoLoop& loop, net::Timers& timers, const Clock& clock, rules::RuleEngine& engine)
    : loop_(loop), timers_(timers), clock_(clock), engine_(engine) {}

void Judging::OnCommit(const CommitNotice& notice) {
  engine_.OnCommit(notice);
  Wake();
}

void Judging::Wake() {
  if (posted_ || stopped_) return;
  posted_ = true;
  loop_.Post([this] { Evaluate(); });
}

void Judging::Stop() {
  stopped_ = true;
  if (timer_ != 0) timers_.Cancel(timer_);
  timer_ = 0;
}

void Judging::Evaluate() {
  posted_ = false;
  if (stopped_) return;
  last_run_ = clock_.Now();
  // posted_ while evaluating: what record rules commit is settled in this cycle and needs no second wake-up.
  posted_ = true;
  const bool more = engine_.EvaluateDue(last_run_, kRulesPerSlice).more;
  posted_ = false;
  if (more) {
    Wake();
  } else {
    ScheduleNext();
  }
}

void Judging::ScheduleNext() {
  if (timer_ != 0) timers_.Cancel(timer_);
  timer_ = 0;
  const auto due = engine_.NextDue();
  if (!due) return;
  timer_ = timers_.Schedule(*due, [this] {
    timer_ = 0;
    Wake();
  });
}

}  // namespace tickbird::app
