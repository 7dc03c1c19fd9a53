#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/result.h"
#include "core/model/alert_event.h"
#include "core/model/receiver_spec.h"
#include "notifiers/channels/channel.h"
#include "notifiers/pipeline/outbox.h"
#include "notifiers/pipeline/pipeline.h"
#include "notifiers/receivers.h"
#include "notifiers/store/persistence.h"

namespace tickbird::notify {

/// What the notifier is given by who composes the process. All references outlive it.
struct NotifierEnvironment {
  const Clock& clock;
  /// Runs `fn` on the I/O thread at `deadline` or soon after. Not cancelled; the notifier ignores timers it needs no
  /// more, also those that fire after its end.
  std::function<void(TimestampMs deadline, std::function<void()> fn)> schedule;
  /// Runs `fn` on the I/O thread, later than the call. Thread safe.
  std::function<void(std::function<void()> fn)> post;
  const ActiveAlerts& active;
  ChannelDeps channels;
};

struct NotifierOptions {
  std::size_t max_incidents = 50'000;
  std::size_t max_decisions = 1000;  ///< In memory; state.db keeps more.
  /// How long a message waits for the disk before it goes out regardless: a stalled disk is no reason not to be told.
  DurationMs persist_patience = 2 * kSecondMs;
  /// The template of every lane; integration and limit are filled in.
  LaneOptions lane;
};

/// An open incident, for the API and the page.
struct IncidentView {
  AlertEvent alert;
  TimestampMs started = 0;
  std::optional<Acknowledgement> ack;
  std::vector<std::string> told;  ///< Receivers, each once.
  std::optional<TimestampMs> next_repeat;
  std::optional<TimestampMs> next_escalation;
  std::optional<TimestampMs> held_back_until;  ///< The raise waits for the end of the cooldown.
  int swallowed = 0;
};

/// For metrics: counters since the start.
struct NotifierStats {
  std::map<std::string, LaneStats> lanes;    ///< By integration; the kind stands between '/' and '['.
  std::map<std::string, std::string> kinds;  ///< Integration -> kind ("email", "webhook", ...).
  std::map<Reason, std::uint64_t> decisions;
  std::size_t open_incidents = 0;
  std::size_t remembered_incidents = 0;
  Persistence::Stats store;
  std::uint64_t sent_before_stored = 0;  ///< Messages that did not wait for the disk, which failed or was slow.
};

/// What a test message came to at one integration.
struct TestResult {
  std::string integration;
  SendOutcome outcome;
};

/// From AlertEvent to people: pipeline, store, outbox and channels tied together.
///
/// OnEvent decides at once, hands state and messages to the store in one transaction, and sends when that is committed:
/// after a kill -9 at any moment a decided message goes out again under the same key, or was delivered. When the disk
/// fails or stalls, messages go out all the same and the state is written later.
///
/// Everything is called, and calls back, on the I/O thread; only the store has a thread of its own.
class Notifier {
 public:
  Notifier(NotifierEnvironment environment, NotifierOptions options);
  ~Notifier();
  Notifier(const Notifier&) = delete;
  Notifier& operator=(const Notifier&) = delete;

  /// Takes over what a former life left and begins. `stored` comes from StateStore::Load (empty: nothing),
  /// `persistence` is where changes go. Undelivered messages go out now. Then give ActiveAlertEvents to the rule
  /// engine, and call Reconcile.
  void Start(StoredState stored, std::unique_ptr<Persistence> persistence, ReceiverSet receivers);
  /// Open incidents as the rule engine should know them.
  std::vector<AlertEvent> ActiveAlertEvents() const;
  /// After the rule engine was restored, and after each reload of rules.
  void Reconcile();

  void OnEvent(const AlertEvent& event);
  /// The ack holds when this returns; `stored` (may be empty) comes when it survives a kill and a power cut, or with
  /// the error that says why it does not yet.
  Status Acknowledge(std::uint64_t id, const AckRequest& request, std::function<void(Status)> stored = {});
  /// After a reload. Messages for an integration that is gone are dropped, counted and logged.
  void ReplaceReceivers(ReceiverSet receivers);
  /// Sends a marked message through each integration of a receiver, past the outbox. kNotFound. `done` comes once.
  Status SendTest(std::string_view receiver, std::function<void(std::vector<TestResult>)> done);
  /// Tries everything once more, at once; `done(true)` when all is delivered and stored, `done(false)` at the deadline
  /// or when what is left would be tried again after it. What is left waits in the store for the next start.
  void Drain(TimestampMs deadline, std::function<void(bool)> done);

  std::vector<IncidentView> Incidents() const;
  /// Newest last.
  const std::deque<Decision>& decisions() const { return decisions_; }
  NotifierStats Stats() const;

 private:
  /// Messages that wait for their batch to be stored.
  struct Unstored {
    std::uint64_t batch = 0;
    TimestampMs since = 0;
    std::vector<Message> messages;
    std::vector<std::function<void(Status)>> stored;
  };

  void Take(Effects effects);
  void Note(Decision decision);
  void FlushSoon();
  void Flush();
  void OnStored(std::uint64_t batch, const Status& status);
  void ReleaseOverdue(TimestampMs now);
  void Enqueue(std::vector<Message> messages);
  void Finish(std::vector<Finished> finished);
  /// Sends all that is due. Answers that come within Send do not nest.
  void Pump();
  void Send(const Parcel& parcel);
  void OnTimer();
  void Arm();
  std::optional<TimestampMs> NextDue() const;
  void ApplyReceivers();
  void CheckDrained();
  /// Wraps a callback so that it does nothing after our end.
  std::function<void()> Guarded(std::function<void()> fn) const;

  NotifierEnvironment environment_;
  NotifierOptions options_;
  Pipeline pipeline_;
  Outbox outbox_;
  ReceiverSet receivers_;
  std::unique_ptr<Persistence> persistence_;

  StoreBatch batch_;    // grows until Flush
  Unstored unflushed_;  // what waits for it to be stored
  std::deque<Unstored> unstored_;
  std::uint64_t next_batch_ = 1;
  int commits_under_way_ = 0;
  bool flush_posted_ = false;
  bool pumping_ = false;
  std::set<TimestampMs> timers_;  // set and not fired yet

  std::optional<TimestampMs> drain_deadline_;
  std::function<void(bool)> drained_;

  std::deque<Decision> decisions_;
  std::map<Reason, std::uint64_t> decision_counts_;
  std::uint64_t sent_before_stored_ = 0;
  log::RateLimit store_log_limit_;
  log::RateLimit lost_log_limit_{30};
  log::RateLimit attempt_log_limit_{30};
  log::RateLimit receiver_log_limit_;
  std::shared_ptr<int> alive_;  // callbacks hold it weakly
};

}  // namespace tickbird::notify
