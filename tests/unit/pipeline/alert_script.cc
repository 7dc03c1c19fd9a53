#include "tests/unit/pipeline/alert_script.h"

#include <cstdlib>
#include <memory>
#include <optional>

#include <fmt/core.h>

#include "core/base/duration.h"
#include "core/base/strings.h"
#include "notifiers/store/codec.h"

namespace tickbird::notify::testing {
namespace {

constexpr TimestampMs kStart = 1'700'000'000'000;

std::vector<std::string_view> Words(std::string_view line) {
  std::vector<std::string_view> words;
  for (const std::string_view word : Split(line, ' ')) {
    if (!word.empty()) words.push_back(word);
  }
  return words;
}

DurationMs Duration(std::string_view text) {
  const Result<DurationMs> duration = ParseDuration(text);
  if (!duration) {
    fmt::print(stderr, "bad duration in script: {}\n", text);
    std::abort();
  }
  return *duration;
}

AlertLevel Level(std::string_view name) {
  constexpr std::string_view kNames[] = {"info", "warning", "high", "critical"};
  for (int rank = 1; rank <= 4; ++rank) {
    if (kNames[rank - 1] == name) return {std::string(name), rank};
  }
  fmt::print(stderr, "bad level in script: {}\n", name);
  std::abort();
}

std::vector<NotifyTarget> Targets(std::string_view text, char separator) {
  std::vector<NotifyTarget> targets;
  for (std::string_view item : Split(text, separator)) {
    const std::string_view receiver = TakeUntil(item, ':');
    targets.push_back({std::string(receiver), {}, item.empty() ? 0 : std::atoi(std::string(item).c_str())});
  }
  return targets;
}

/// "15m", "15m*2", "15m*2<1h".
GrowingDelay Growing(std::string_view text) {
  GrowingDelay delay;
  std::string_view first = TakeUntil(text, '*');
  delay.first = Duration(first);
  if (text.empty()) return delay;
  delay.factor = std::atof(std::string(TakeUntil(text, '<')).c_str());
  if (!text.empty()) delay.max = Duration(text);
  return delay;
}

std::shared_ptr<const NotifyPolicy> Policy(std::string_view line) {
  NotifyPolicy policy;
  for (std::string_view value : Words(line)) {
    const std::string_view key = TakeUntil(value, '=');
    if (key == "notify") policy.notify = Targets(value, ',');
    if (key == "cooldown") policy.cooldown = Growing(value);
    if (key == "repeat") policy.repeat = Growing(value);
    if (key == "loops") policy.escalation_loops = std::atoi(std::string(value).c_str());
    if (key == "ack") policy.ack_expires = Duration(value);
    if (key == "down") policy.notify_level_down = true;
    if (key != "escalate") continue;
    for (std::string_view step : Split(value, ',')) {
      const DurationMs after = Duration(TakeUntil(step, ':'));
      policy.escalation.push_back({after, Targets(step, '+')});
    }
  }
  return std::make_shared<const NotifyPolicy>(std::move(policy));
}

/// "90m raised mail" as it will be seen: "1h30m raised mail".
std::string Normal(std::string_view line) {
  line = Trim(line);
  const DurationMs at = Duration(TakeUntil(line, ' '));
  return fmt::format("{} {}", FormatDuration(at), line);
}

ReceiverTable Receivers() {
  ReceiverTable table;
  for (const char* name : {"mail", "hook", "pager", "lead"}) table[name] = {{name, true}};
  table["quiet"] = {{"quiet", false}};
  return table;
}

/// The alert as the rule engine would know it.
class OneAlert final : public ActiveAlerts {
 public:
  std::optional<AlertEvent> Find(std::uint64_t id) const override {
    if (!raised || id != event.id) return std::nullopt;
    return event;
  }
  AlertEvent event;
  bool raised = false;
};

}  // namespace

class AlertScript::World {
 public:
  World(bool restart_always, std::vector<std::string>& keys) : restart_always_(restart_always), keys_(keys) {
    alert_.event.rule = "memory_high";
    alert_.event.labels = Labels{{"alertname", "memory_high"}, {"instance", "a"}};
    alert_.event.id = alert_.event.labels.Hash();
  }

  void SetPolicy(std::string_view line) { alert_.event.policy = Policy(line); }
  void Expect(std::string_view line) { expected_.push_back(Normal(line)); }
  void ExpectDecision(std::string_view line) { expected_decisions_.push_back(Normal(line)); }

  /// Ticks whenever the pipeline asks for it, up to and including `until`.
  void RunTo(TimestampMs until) {
    while (running_) {
      const auto due = pipeline_.NextDue();
      if (!due || *due > until) break;
      now_ = std::max(now_, *due);
      Restart(restart_always_);
      Take(pipeline_.Tick(now_, alert_));
    }
    now_ = until;
  }

  void Act(const std::vector<std::string_view>& words) {
    RunTo(kStart + Duration(words[1]) - (words[2] == "start" ? 1 : 0));
    now_ = kStart + Duration(words[1]);
    Restart(restart_always_);
    const std::string_view action = words[2];
    if (action == "stop") {
      running_ = false;
    } else if (action == "start") {
      Restart(true);
      running_ = true;
      Take(pipeline_.Reconcile(now_, alert_));
    } else if (action == "gone") {
      alert_.raised = false;
      Take(pipeline_.Reconcile(now_, alert_));
    } else if (action == "ack") {
      Acknowledge(words);
    } else {
      Change(action, words.size() > 3 ? words[3] : std::string_view());
    }
  }

  std::string Problems() const {
    std::string problems;
    for (std::size_t i = 0; i < std::max(expected_.size(), seen_.size()); ++i) {
      const std::string want = i < expected_.size() ? expected_[i] : "(nothing)";
      const std::string got = i < seen_.size() ? seen_[i] : "(nothing)";
      if (want != got) problems += fmt::format("message {}: expected {}, got {}\n", i + 1, want, got);
    }
    for (const std::string& decision : expected_decisions_) {
      if (std::ranges::find(decisions_, decision) == decisions_.end()) problems += "no decision: " + decision + "\n";
    }
    if (!problems.empty()) {
      for (const std::string& decision : decisions_) problems += "  ?? " + decision + "\n";
    }
    return problems;
  }

 private:
  void Change(std::string_view action, std::string_view level) {
    AlertEvent& event = alert_.event;
    event.previous = event.level;
    event.at = now_;
    if (!level.empty()) event.level = Level(level);
    if (action == "raise") {
      event.kind = AlertEvent::Kind::kRaised;
      if (!alert_.raised) event.since = now_;
    } else if (action == "up") {
      event.kind = AlertEvent::Kind::kLevelUp;
    } else if (action == "down") {
      event.kind = AlertEvent::Kind::kLevelDown;
    } else {
      event.kind = AlertEvent::Kind::kCleared;
    }
    alert_.raised = action != "clear";
    if (!running_) return;  // happened while the agent was down: only the rule engine finds out
    Take(pipeline_.OnEvent(event, now_));
  }

  void Acknowledge(const std::vector<std::string_view>& words) {
    AckRequest request{std::string(words[3]), "", {}};
    if (words.size() > 4) request.until = kStart + Duration(words[4]);
    Result<Effects> effects = pipeline_.Acknowledge(alert_.event.id, request, now_);
    if (effects) return Take(*effects);
    decisions_.push_back(fmt::format("{} refused {}", At(), ErrorCodeName(effects.error().code)));
  }

  void Take(const Effects& effects) {
    for (const Incident& incident : effects.changed) stored_[incident.id()] = EncodeIncident(incident);
    for (const std::uint64_t id : effects.forgotten) stored_.erase(id);
    for (const Message& message : effects.messages) {
      std::string line = fmt::format("{} {} {}", At(), MessageKindName(message.kind), message.to.integration);
      if (message.swallowed > 0) line += fmt::format(" swallowed={}", message.swallowed);
      if (message.escalation_step > 0) line += fmt::format(" step={}", message.escalation_step);
      seen_.push_back(std::move(line));
      keys_.push_back(message.key);
    }
    for (const Decision& decision : effects.decisions)
      decisions_.push_back(fmt::format("{} {}", At(), ReasonName(decision.reason)));
  }

  /// As kill -9 and a new process: nothing is left but what was stored.
  void Restart(bool really) {
    if (!really) return;
    std::vector<Incident> incidents;
    for (const auto& [id, text] : stored_) {
      Result<Incident> incident = DecodeIncident(text);
      if (!incident) {
        fmt::print(stderr, "{}\n", incident.error().message);
        std::abort();
      }
      incidents.push_back(std::move(*incident));
    }
    pipeline_ = Pipeline(Receivers());
    pipeline_.Restore(std::move(incidents));
  }

  std::string At() const { return FormatDuration(now_ - kStart); }

  bool restart_always_;
  std::vector<std::string>& keys_;
  Pipeline pipeline_{Receivers()};
  OneAlert alert_;
  TimestampMs now_ = kStart;
  bool running_ = true;
  std::map<std::uint64_t, std::string> stored_;
  std::vector<std::string> expected_, seen_, expected_decisions_, decisions_;
};

std::string AlertScript::Run(std::string_view script) {
  World world(restart_always_, keys_);
  for (std::string_view line : Split(script, '\n')) {
    line = Trim(line.substr(0, line.find('#')));
    if (line.empty()) continue;
    const std::vector<std::string_view> words = Words(line);
    if (words[0] == "policy") {
      world.SetPolicy(line.substr(6));
    } else if (words[0] == "->") {
      world.Expect(line.substr(2));
    } else if (words[0] == "??") {
      world.ExpectDecision(line.substr(2));
    } else if (words[0] == "at" && words.size() >= 3) {
      world.Act(words);
    } else if (words[0] == "end" && words.size() == 2) {
      world.RunTo(kStart + Duration(words[1]));
    } else {
      return fmt::format("bad line in script: {}\n", line);
    }
  }
  return world.Problems();
}

}  // namespace tickbird::notify::testing
