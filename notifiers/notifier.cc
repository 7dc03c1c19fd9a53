#include "notifiers/notifier.h"

#include <algorithm>
#include <utility>

#include <fmt/core.h>

#include "core/base/log.h"

namespace tickbird::notify {
namespace {

DeliveryRecord RecordOf(const Finished& finished, TimestampMs now) {
  const Message& message = finished.message;
  return {.at = now,
          .key = message.key,
          .alert = message.alert->id,
          .integration = message.to.integration,
          .kind = message.kind,
          .outcome = finished.reason,
          .attempts = finished.attempts,
          .latency = now - message.created,
          .error = finished.error};
}

bool IsLost(const Finished& finished) {
  return finished.reason == Reason::kDeliveryFailed || finished.reason == Reason::kQueueFull ||
         finished.reason == Reason::kReceiverGone;
}

void LogLost(const Finished& finished, std::uint64_t suppressed) {
  const Message& message = finished.message;
  log::Err("notification lost", {{"reason", ReasonName(finished.reason)},
                                 {"integration", message.to.integration},
                                 {"alert", message.alert->rule},
                                 {"id", FormatAlertId(message.alert->id)},
                                 {"kind", MessageKindName(message.kind)},
                                 {"attempts", finished.attempts},
                                 {"err", finished.error},
                                 {"suppressed", suppressed}});
}

Message TestMessage(const std::string& receiver, const std::string& integration, TimestampMs now) {
  auto alert = std::make_shared<AlertEvent>();
  alert->rule = "TickbirdTest";
  alert->labels = Labels{{"alertname", "TickbirdTest"}, {"receiver", receiver}};
  alert->id = alert->labels.Hash();
  alert->level = {"info", 1};
  alert->at = now;
  alert->since = now;
  alert->summary = fmt::format("Test message for receiver {}", receiver);
  alert->detail = "Somebody asked Tickbird for a test of this receiver. Nothing is wrong.";
  Message message;
  message.to = {receiver, integration, {}};
  message.kind = MessageKind::kTest;
  message.key = MessageKey(alert->id, now, 0, integration);
  message.alert = std::move(alert);
  message.incident = now;
  message.created = now;
  return message;
}

}  // namespace

Notifier::Notifier(NotifierEnvironment environment, NotifierOptions options)
    : environment_(std::move(environment)),
      options_(std::move(options)),
      pipeline_({}, {.max_incidents = options_.max_incidents}),
      alive_(std::make_shared<int>(0)) {}

Notifier::~Notifier() {
  if (persistence_ && !batch_.empty()) persistence_->Commit(std::move(batch_), [](const Status&) {});
}

void Notifier::Start(StoredState stored, std::unique_ptr<Persistence> persistence, ReceiverSet receivers) {
  persistence_ = std::move(persistence);
  receivers_ = std::move(receivers);
  pipeline_.Restore(std::move(stored.incidents));
  ApplyReceivers();
  for (const StoredState::Sent& sent : stored.sent) outbox_.RememberSent(sent.integration, sent.at);
  Enqueue(std::move(stored.outbox));
  Arm();
}

std::vector<AlertEvent> Notifier::ActiveAlertEvents() const {
  std::vector<AlertEvent> events;
  for (const auto& [id, incident] : pipeline_.incidents()) {
    if (!incident.open) continue;
    events.push_back(incident.event);
    events.back().kind = AlertEvent::Kind::kRaised;
    events.back().since = incident.started;
  }
  return events;
}

void Notifier::Reconcile() {
  Take(pipeline_.Reconcile(environment_.clock.Now(), environment_.active));
}

void Notifier::OnEvent(const AlertEvent& event) {
  Take(pipeline_.OnEvent(event, environment_.clock.Now()));
}

Status Notifier::Acknowledge(std::uint64_t id, const AckRequest& request, std::function<void(Status)> stored) {
  Result<Effects> effects = pipeline_.Acknowledge(id, request, environment_.clock.Now());
  if (!effects) return effects.error();
  const Incident& incident = effects->changed.back();
  batch_.Log(AckRecord{id, incident.started, *incident.ack});
  if (stored) unflushed_.stored.push_back(std::move(stored));
  Take(std::move(*effects));
  return {};
}

void Notifier::ReplaceReceivers(ReceiverSet receivers) {
  receivers_ = std::move(receivers);
  ApplyReceivers();
  Pump();
  Arm();
}

Status Notifier::SendTest(std::string_view receiver, std::function<void(std::vector<TestResult>)> done) {
  struct Pending {
    std::vector<TestResult> results;
    std::size_t open = 0;
    std::function<void(std::vector<TestResult>)> done;
  };
  auto pending = std::make_shared<Pending>();
  pending->done = std::move(done);
  const TimestampMs now = environment_.clock.Now();
  std::vector<std::pair<std::shared_ptr<Channel>, Parcel>> sends;
  for (const auto& [integration, entry] : receivers_.entries()) {
    if (entry.receiver != receiver) continue;
    Message message = TestMessage(entry.receiver, integration, now);
    Parcel parcel{0, integration, message.key, {}, 1};
    parcel.messages.push_back(std::move(message));
    sends.emplace_back(entry.channel, std::move(parcel));
  }
  if (sends.empty()) return Error{ErrorCode::kNotFound, fmt::format("no receiver is named \"{}\"", receiver)};
  pending->open = sends.size();
  for (const auto& [channel, parcel] : sends) {
    channel->Send(parcel, now, [pending, integration = parcel.integration](SendOutcome outcome) {
      pending->results.push_back({integration, std::move(outcome)});
      if (--pending->open == 0) pending->done(std::move(pending->results));
    });
  }
  return {};
}

void Notifier::Drain(TimestampMs deadline, std::function<void(bool)> done) {
  drain_deadline_ = deadline;
  drained_ = std::move(done);
  Flush();
  outbox_.Expedite();
  Pump();
  environment_.schedule(deadline, Guarded([this] { CheckDrained(); }));
  // Not within the call: the caller may not be ready for `done` yet.
  environment_.post(Guarded([this] { CheckDrained(); }));
}

std::vector<IncidentView> Notifier::Incidents() const {
  std::vector<IncidentView> views;
  for (const auto& [id, incident] : pipeline_.incidents()) {
    if (!incident.open) continue;
    IncidentView& view = views.emplace_back();
    view.alert = environment_.active.Find(id).value_or(incident.event);
    view.started = incident.started;
    view.ack = incident.ack;
    for (const Destination& to : incident.told) {
      if (std::ranges::find(view.told, to.receiver) == view.told.end()) view.told.push_back(to.receiver);
    }
    if (!incident.ack) {
      view.next_repeat = NextRepeat(incident);
      view.next_escalation = NextEscalation(incident);
      if (incident.awaits_cooldown) view.held_back_until = incident.cooldown_until;
    }
    view.swallowed = incident.swallowed;
  }
  return views;
}

NotifierStats Notifier::Stats() const {
  NotifierStats stats;
  stats.lanes = outbox_.stats();
  for (const auto& [integration, entry] : receivers_.entries()) stats.kinds[integration] = entry.kind;
  stats.decisions = decision_counts_;
  stats.remembered_incidents = pipeline_.incidents().size();
  stats.open_incidents = static_cast<std::size_t>(
      std::ranges::count_if(pipeline_.incidents(), [](const auto& entry) { return entry.second.open; }));
  if (persistence_) stats.store = persistence_->stats();
  stats.sent_before_stored = sent_before_stored_;
  return stats;
}

void Notifier::Take(Effects effects) {
  for (Incident& incident : effects.changed) batch_.Put(std::move(incident));
  for (const std::uint64_t id : effects.forgotten) batch_.Forget(id);
  for (const Message& message : effects.messages) {
    batch_.Enqueue(message);
    unflushed_.messages.push_back(message);
  }
  for (Decision& decision : effects.decisions) Note(std::move(decision));
  FlushSoon();
  Arm();
}

void Notifier::Note(Decision decision) {
  ++decision_counts_[decision.reason];
  if (decision.reason == Reason::kNoReceiver && receiver_log_limit_.Allow(environment_.clock.MonotonicNs())) {
    log::Warn("an alert names a receiver that is not configured",
              {{"alert", decision.rule},
               {"receiver", decision.receiver},
               {"suppressed", receiver_log_limit_.TakeSuppressed()}});
  }
  batch_.Log(decision);
  decisions_.push_back(std::move(decision));
  if (decisions_.size() > options_.max_decisions) decisions_.pop_front();
}

/// One commit for all that one turn of the I/O thread brings.
void Notifier::FlushSoon() {
  if (flush_posted_ || batch_.empty()) return;
  flush_posted_ = true;
  environment_.post(Guarded([this] { Flush(); }));
}

void Notifier::Flush() {
  flush_posted_ = false;
  if (batch_.empty() || !persistence_) return;
  const std::uint64_t number = next_batch_++;
  unflushed_.batch = number;
  unflushed_.since = environment_.clock.Now();
  unstored_.push_back(std::exchange(unflushed_, {}));
  ++commits_under_way_;
  const std::weak_ptr<int> alive = alive_;
  persistence_->Commit(std::exchange(batch_, {}), [this, alive, number](const Status& status) {
    if (!alive.expired()) OnStored(number, status);
  });
  Arm();
}

void Notifier::OnStored(std::uint64_t batch, const Status& status) {
  --commits_under_way_;
  if (!status && store_log_limit_.Allow(environment_.clock.MonotonicNs())) {
    log::Err("notification state is not stored, goes on in memory",
             {{"err", status.error()}, {"suppressed", store_log_limit_.TakeSuppressed()}});
  }
  while (!unstored_.empty() && unstored_.front().batch <= batch) {
    Unstored done = std::move(unstored_.front());
    unstored_.pop_front();
    if (!status) sent_before_stored_ += done.messages.size();
    for (const auto& stored : done.stored) stored(status);
    Enqueue(std::move(done.messages));
  }
  CheckDrained();
}

void Notifier::ReleaseOverdue(TimestampMs now) {
  for (Unstored& waiting : unstored_) {
    if (waiting.since + options_.persist_patience > now) break;
    sent_before_stored_ += waiting.messages.size();
    Enqueue(std::exchange(waiting.messages, {}));
  }
}

void Notifier::Enqueue(std::vector<Message> messages) {
  if (messages.empty()) return;
  const TimestampMs now = environment_.clock.Now();
  for (Message& message : messages) Finish(outbox_.Add(std::move(message), now));
  Pump();
}

void Notifier::Finish(std::vector<Finished> finished) {
  const TimestampMs now = environment_.clock.Now();
  for (const Finished& entry : finished) {
    if (IsLost(entry) && lost_log_limit_.Allow(environment_.clock.MonotonicNs())) {
      LogLost(entry, lost_log_limit_.TakeSuppressed());
    }
    batch_.Finish(RecordOf(entry, now));
    Note({now, entry.message.alert->id, entry.message.alert->rule, entry.reason, entry.message.to.integration,
          entry.error});
  }
  FlushSoon();
}

void Notifier::Pump() {
  if (pumping_) return;  // the loop below goes on until nothing is due
  pumping_ = true;
  for (auto due = outbox_.TakeDue(environment_.clock.Now()); !due.empty();
       due = outbox_.TakeDue(environment_.clock.Now())) {
    for (const Parcel& parcel : due) Send(parcel);
  }
  pumping_ = false;
  Arm();
}

void Notifier::Send(const Parcel& parcel) {
  const ReceiverSet::Entry* entry = receivers_.Find(parcel.integration);
  if (entry == nullptr) return;  // its lane is gone too, and has given back what it held
  const std::shared_ptr<Channel> channel = entry->channel;
  const std::weak_ptr<int> alive = alive_;
  const auto answered = [this, alive, ticket = parcel.ticket,
                         integration = parcel.integration](const SendOutcome& outcome) {
    if (alive.expired()) return;
    if (outcome.result != SendOutcome::Result::kDelivered &&
        attempt_log_limit_.Allow(environment_.clock.MonotonicNs())) {
      log::Warn("notification failed", {{"integration", integration},
                                        {"suppressed", attempt_log_limit_.TakeSuppressed()},
                                        {"reason", FailureReasonName(outcome.reason)},
                                        {"retry", outcome.result == SendOutcome::Result::kRetry},
                                        {"err", outcome.error}});
    }
    Finish(outbox_.Complete(ticket, outcome, environment_.clock.Now()));
    Pump();
    CheckDrained();
  };
  channel->Send(parcel, environment_.clock.Now(), answered);
}

void Notifier::OnTimer() {
  const TimestampMs now = environment_.clock.Now();
  if (const auto due = pipeline_.NextDue(); due && *due <= now) Take(pipeline_.Tick(now, environment_.active));
  ReleaseOverdue(now);
  Pump();
}

void Notifier::Arm() {
  const auto next = NextDue();
  if (!next) return;
  const TimestampMs due = std::max(*next, environment_.clock.Now());
  // An earlier timer sets the next one when it fires. Knowing all that are set keeps stale ones from piling up.
  if (!timers_.empty() && *timers_.begin() <= due) return;
  timers_.insert(due);
  environment_.schedule(due, Guarded([this, due] {
                          timers_.erase(due);
                          OnTimer();
                          Arm();
                        }));
}

std::optional<TimestampMs> Notifier::NextDue() const {
  std::optional<TimestampMs> earliest = pipeline_.NextDue();
  const auto consider = [&](std::optional<TimestampMs> due) {
    if (due && (!earliest || *due < *earliest)) earliest = due;
  };
  consider(outbox_.NextDue());
  for (const Unstored& waiting : unstored_) {
    if (waiting.messages.empty()) continue;
    consider(waiting.since + options_.persist_patience);
    break;
  }
  return earliest;
}

void Notifier::ApplyReceivers() {
  pipeline_.ReplaceReceivers(receivers_.Table());
  Finish(outbox_.Configure(receivers_.Lanes(options_.lane)));
}

void Notifier::CheckDrained() {
  if (!drain_deadline_) return;
  const TimestampMs now = environment_.clock.Now();
  const bool is_stored = batch_.empty() && commits_under_way_ == 0;
  const auto next_try = outbox_.NextDue();
  const bool is_delivered = outbox_.idle() && unstored_.empty();
  const bool is_hopeless = outbox_.in_flight() == 0 && unstored_.empty() && next_try && *next_try > *drain_deadline_;
  if (now < *drain_deadline_ && !(is_stored && (is_delivered || is_hopeless))) return;
  drain_deadline_.reset();
  // Posted, because whoever waits for it may take us down.
  environment_.post([done = std::exchange(drained_, nullptr), all = is_delivered && is_stored] { done(all); });
}

std::function<void()> Notifier::Guarded(std::function<void()> fn) const {
  return [alive = std::weak_ptr<int>(alive_), fn = std::move(fn)] {
    if (!alive.expired()) fn();
  };
}

}  // namespace tickbird::notify
