#include "rules/eval/alert_state.h"

#include <algorithm>
#include <bit>
#include <utility>

namespace tickbird::rules {
namespace {

std::uint64_t WindowMask(const Hold& hold) {
  return hold.of_m >= kMaxHoldEvaluations ? ~std::uint64_t{0} : (std::uint64_t{1} << hold.of_m) - 1;
}

void Note(HoldProgress& progress, bool holds, const Observation& observation) {
  if (observation.counts) progress.window = progress.window << 1 | static_cast<std::uint64_t>(holds);
  if (!holds) {
    progress.since = HoldProgress::kNever;
  } else if (progress.since == HoldProgress::kNever || progress.since > observation.now) {
    progress.since = observation.now;
  }
}

bool Held(const HoldProgress& progress, const Hold& hold, TimestampMs now) {
  if (hold.n > 0) return std::popcount(progress.window & WindowMask(hold)) >= hold.n;
  return progress.since != HoldProgress::kNever && now - progress.since >= hold.for_ms;
}

bool UnderWay(const HoldProgress& progress, const Hold& hold) {
  if (hold.n > 0) return (progress.window & WindowMask(hold)) != 0;
  return progress.since != HoldProgress::kNever;
}

bool ClearsNow(const RaiseClause& clause, const ClauseState& state, const ClauseTruth& truth, TimestampMs now) {
  if (clause.clear) return truth.clear && !truth.raise;
  return clause.hold.n > 0 ? !Held(state.raise, clause.hold, now) : !truth.raise;
}

void AdvanceClause(const RaiseClause& clause, ClauseState& state, const ClauseTruth& truth, bool worse_is_raised,
                   const Observation& observation) {
  Note(state.raise, truth.raise, observation);
  if (!state.raised) {
    const bool carried = worse_is_raised && truth.raise;
    state.raised = carried || Held(state.raise, clause.hold, observation.now);
    // As if the hold had been served: the default clear condition of `N of M` looks at the window.
    if (carried) state.raise.window = ~std::uint64_t{0};
    return;
  }
  Note(state.clear, ClearsNow(clause, state, truth, observation.now), observation);
  if (Held(state.clear, clause.clear_hold, observation.now)) state = {};
}

void Shift(HoldProgress& progress, DurationMs by) {
  if (progress.since != HoldProgress::kNever) progress.since += by;
}

// The time without data is not counted for any hold.
void Thaw(AlertState& state, TimestampMs now) {
  const DurationMs gap = std::max<DurationMs>(now - state.last_seen, 0);
  for (ClauseState& clause : state.clauses) {
    Shift(clause.raise, gap);
    Shift(clause.clear, gap);
  }
}

void Measure(const AlertRule& rule, AlertState& state, const Observation& observation) {
  if (state.was_absent) Thaw(state, observation.now);
  state.was_absent = false;
  state.no_data = false;
  state.value = *observation.value;
  state.last_seen = observation.now;
  bool worse_is_raised = false;
  for (std::size_t i = 0; i < rule.raises.size(); ++i) {
    AdvanceClause(rule.raises[i], state.clauses[i], observation.truths[i], worse_is_raised, observation);
    worse_is_raised = worse_is_raised || state.clauses[i].raised;
  }
}

void Reset(AlertState& state) {
  for (ClauseState& clause : state.clauses) clause = {};
  state.no_data = false;
}

DurationMs Memory(const AlertRule& rule) {
  return std::max(kInstanceMemory, rule.no_data.after);
}

bool DataIsMissing(const AlertRule& rule, const AlertState& state, TimestampMs now) {
  return state.was_absent && now - state.last_seen >= rule.no_data.after;
}

void Miss(const AlertRule& rule, AlertState& state, TimestampMs now) {
  state.was_absent = true;
  state.last_seen = std::min(state.last_seen, now);
  if (!DataIsMissing(rule, state, now)) return;
  switch (rule.no_data.action) {
    case NoData::Action::kKeep:
      if (now - state.last_seen >= Memory(rule)) Reset(state);
      return;
    case NoData::Action::kClear:
      Reset(state);
      return;
    case NoData::Action::kRaise:
      state.no_data = true;
      return;
  }
}

AlertLevel WorstLevel(const AlertRule& rule, const AlertState& state) {
  AlertLevel worst;
  if (state.no_data) worst = rule.no_data.level;
  for (std::size_t i = 0; i < rule.raises.size(); ++i) {
    if (state.clauses[i].raised && rule.raises[i].level.rank > worst.rank) worst = rule.raises[i].level;
  }
  return worst;
}

bool IsClearing(const AlertRule& rule, const AlertState& state) {
  bool any = false;
  for (std::size_t i = 0; i < rule.raises.size(); ++i) {
    if (!state.clauses[i].raised) continue;
    if (!UnderWay(state.clauses[i].clear, rule.raises[i].clear_hold)) return false;
    any = true;
  }
  return any;
}

AlertPhase PhaseOf(const AlertRule& rule, const AlertState& state, TimestampMs now) {
  if (state.no_data) return AlertPhase::kRaised;
  const bool pending = PendingLevel(rule, state).rank > 0;
  if (DataIsMissing(rule, state, now) && (state.level.rank > 0 || pending)) return AlertPhase::kNoData;
  if (state.level.rank > 0) return IsClearing(rule, state) ? AlertPhase::kClearing : AlertPhase::kRaised;
  return pending ? AlertPhase::kPending : AlertPhase::kInactive;
}

std::optional<Transition> ChangeLevel(AlertState& state, AlertLevel level, bool was_no_data, TimestampMs now) {
  using enum AlertEvent::Kind;
  const AlertLevel previous = std::exchange(state.level, std::move(level));
  if (state.level.rank == previous.rank) return std::nullopt;
  if (state.level.rank == 0) return Transition{kCleared, previous, previous, was_no_data};
  if (previous.rank == 0) state.raised_since = now;
  const auto kind = previous.rank == 0 ? kRaised : state.level.rank > previous.rank ? kLevelUp : kLevelDown;
  return Transition{kind, previous, state.level, state.no_data};
}

// The clause of that level; else the worst one that is not worse; else the mildest.
std::size_t ClauseFor(const AlertRule& rule, const AlertLevel& level) {
  const auto& raises = rule.raises;
  const auto same =
      std::find_if(raises.begin(), raises.end(), [&](const auto& c) { return c.level.name == level.name; });
  if (same != raises.end()) return static_cast<std::size_t>(same - raises.begin());
  const auto milder =
      std::find_if(raises.begin(), raises.end(), [&](const auto& c) { return c.level.rank <= level.rank; });
  if (milder != raises.end()) return static_cast<std::size_t>(milder - raises.begin());
  return raises.empty() ? 0 : raises.size() - 1;
}

}  // namespace

std::optional<Transition> Advance(const AlertRule& rule, AlertState& state, const Observation& observation) {
  const TimestampMs now = observation.now;
  const bool was_no_data = state.no_data;
  state.clauses.resize(rule.raises.size());
  if (observation.value) {
    Measure(rule, state, observation);
  } else {
    Miss(rule, state, now);
  }
  auto transition = ChangeLevel(state, WorstLevel(rule, state), was_no_data, now);
  state.phase = PhaseOf(rule, state, now);
  if (state.phase == AlertPhase::kInactive) {
    state.active_since = 0;
  } else if (state.active_since == 0) {
    state.active_since = now;
  }
  return transition;
}

bool Forgettable(const AlertRule& rule, const AlertState& state, TimestampMs now) {
  if (!state.was_absent || state.level.rank > 0) return false;
  if (now - state.last_seen >= Memory(rule)) return true;
  return rule.no_data.action != NoData::Action::kRaise && state.phase == AlertPhase::kInactive;
}

AlertLevel PendingLevel(const AlertRule& rule, const AlertState& state) {
  AlertLevel worst;
  for (std::size_t i = 0; i < std::min(rule.raises.size(), state.clauses.size()); ++i) {
    const RaiseClause& clause = rule.raises[i];
    const bool pending = !state.clauses[i].raised && UnderWay(state.clauses[i].raise, clause.hold);
    if (pending && clause.level.rank > worst.rank) worst = clause.level;
  }
  return worst;
}

AlertState RaisedState(const AlertRule& rule, const AlertEvent& event, TimestampMs now) {
  AlertState state;
  state.phase = AlertPhase::kRaised;
  state.level = event.level;
  state.value = event.value;
  state.last_seen = now;
  state.active_since = event.since;
  state.raised_since = event.since;
  state.clauses.resize(rule.raises.size());
  if (event.no_data && rule.no_data.action == NoData::Action::kRaise) {
    state.no_data = true;
    state.was_absent = true;
    return state;
  }
  const std::size_t raised = ClauseFor(rule, event.level);
  for (std::size_t i = raised; i < rule.raises.size(); ++i) {
    state.clauses[i].raised = true;
    state.clauses[i].raise.window = ~std::uint64_t{0};
  }
  if (raised < rule.raises.size()) state.level = rule.raises[raised].level;
  return state;
}

void Rebind(const AlertRule& before, const AlertRule& after, AlertState& state) {
  std::vector<ClauseState> clauses(after.raises.size());
  for (std::size_t i = 0; i < after.raises.size(); ++i) {
    for (std::size_t j = 0; j < std::min(before.raises.size(), state.clauses.size()); ++j) {
      if (before.raises[j].level.name == after.raises[i].level.name) clauses[i] = state.clauses[j];
    }
  }
  state.clauses = std::move(clauses);
  // Ranks move when levels are added; the name says which level it is.
  for (const RaiseClause& clause : after.raises) {
    if (clause.level.name == state.level.name) state.level = clause.level;
  }
  if (after.no_data.action != NoData::Action::kRaise) {
    state.no_data = false;
  } else if (after.no_data.level.name == state.level.name) {
    state.level = after.no_data.level;
  }
}

}  // namespace tickbird::rules
