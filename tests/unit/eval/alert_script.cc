#include "tests/unit/eval/alert_script.h"

#include <sstream>
#include <stdexcept>

#include "core/base/duration.h"
#include "core/base/number.h"
#include "rules/eval/alert_state.h"
#include "rules/eval/condition.h"

namespace tickbird::rules {
namespace {

constexpr std::string_view kLevels[] = {"info", "warning", "high", "critical"};

[[noreturn]] void Fail(const std::string& what) {
  throw std::invalid_argument("alert script: " + what);
}

AlertLevel Level(const std::string& name) {
  for (int i = 0; i < 4; ++i) {
    if (kLevels[i] == name) return {name, i + 1};
  }
  Fail("unknown level " + name);
}

DurationMs Duration(const std::string& text) {
  const auto duration = ParseDuration(text);
  if (!duration) Fail(duration.error().message);
  return *duration;
}

double Number(std::string text) {
  const bool percent = text.ends_with('%');
  if (percent) text.pop_back();
  const auto number = ParseDouble(text);
  if (!number) Fail(number.error().message);
  return percent ? *number / 100 : *number;
}

Condition ReadCondition(std::istringstream& in) {
  static constexpr std::pair<std::string_view, Comparison> kOperators[] = {
      {">", Comparison::kGreater},    {">=", Comparison::kGreaterEqual}, {"<", Comparison::kLess},
      {"<=", Comparison::kLessEqual}, {"==", Comparison::kEqual},        {"!=", Comparison::kNotEqual}};
  std::string op, number;
  in >> op >> number;
  for (const auto& [text, comparison] : kOperators) {
    if (text == op) return {.comparison = comparison, .threshold = Number(number), .text = op + " " + number};
  }
  Fail("unknown comparison " + op);
}

// "2m" or "4 of 5"; leaves the word after it in `next`.
Hold ReadHold(std::istringstream& in, std::string& next) {
  std::string first, of;
  in >> first;
  next.clear();
  in >> next;
  if (next != "of") return {.for_ms = Duration(first)};
  Hold hold{.n = std::stoi(first)};
  in >> hold.of_m;
  next.clear();
  in >> next;
  return hold;
}

void ReadRaise(std::istringstream& in, AlertRule& rule) {
  std::string level, word;
  in >> level;
  RaiseClause clause{.level = Level(level), .when = ReadCondition(in)};
  in >> word;
  if (word == "for") clause.hold = ReadHold(in, word);
  if (word == "clear") {
    clause.clear = ReadCondition(in);
    word.clear();
    in >> word;
    if (word == "for") clause.clear_hold = ReadHold(in, word);
  }
  rule.raises.push_back(std::move(clause));
}

void ReadNoData(std::istringstream& in, AlertRule& rule) {
  std::string action, word;
  in >> action >> word;
  rule.no_data.action = action == "keep"    ? NoData::Action::kKeep
                        : action == "clear" ? NoData::Action::kClear
                                            : NoData::Action::kRaise;
  if (action == "raise") {
    rule.no_data.level = Level(word);
    in >> word;
  }
  std::string after;
  in >> after;
  if (word != "after") Fail("nodata ACTION after TIME");
  rule.no_data.after = Duration(after);
}

std::string StateName(const AlertState& state) {
  switch (state.phase) {
    case AlertPhase::kInactive:
      return "inactive";
    case AlertPhase::kPending:
      return "pending";
    case AlertPhase::kClearing:
      return "clearing";
    case AlertPhase::kNoData:
      return "nodata";
    case AlertPhase::kRaised:
      return state.level.name;
  }
  return "";
}

std::string EventName(const std::optional<Transition>& transition) {
  if (!transition) return "";
  const std::string_view kinds[] = {"raised", "up", "down", "cleared"};
  return std::string(kinds[static_cast<int>(transition->kind)]) + " " + transition->level.name +
         (transition->no_data ? " (no data)" : "");
}

class Player {
 public:
  explicit Player(AlertRule rule, DurationMs step) : rule_(std::move(rule)), step_(step) {}

  void Row(int line, std::istringstream& in, const std::string& time) {
    const TimestampMs at = kStart + Duration(time);
    std::string value, state, event, word;
    in >> value >> state;
    while (in >> word) event += (event.empty() ? "" : " ") + word;
    for (; next_ < at && started_; next_ += step_) Evaluate(line, next_, "");
    started_ = true;
    value_ = value;
    Evaluate(line, at, event);
    next_ = at + step_;
    if (StateName(state_) != state) Differ(line, at, "state is " + StateName(state_));
  }

  std::string differences() const { return differences_; }

 private:
  // Not 0: a time of zero must not pass for "never".
  static constexpr TimestampMs kStart = 1'700'000'000'000;

  void Evaluate(int line, TimestampMs at, const std::string& expected_event) {
    Observation observation{.now = at, .counts = !value_.starts_with('~')};
    const std::string number = observation.counts ? value_ : value_.substr(1);
    std::vector<ClauseTruth> truths;
    if (number != "-") {
      observation.value = Number(number);
      for (const RaiseClause& clause : rule_.raises) {
        truths.push_back(
            {Compare(*observation.value, clause.when.comparison, clause.when.threshold),
             clause.clear && Compare(*observation.value, clause.clear->comparison, clause.clear->threshold)});
      }
      observation.truths = truths;
    }
    const std::string event = EventName(Advance(rule_, state_, observation));
    if (event != expected_event) Differ(line, at, event.empty() ? "no event" : "event is " + event);
  }

  void Differ(int line, TimestampMs at, const std::string& what) {
    differences_ += "line " + std::to_string(line) + ", at " + FormatDuration(at - kStart) + ": " + what + "\n";
  }

  AlertRule rule_;
  DurationMs step_;
  AlertState state_;
  std::string value_;
  TimestampMs next_ = 0;
  bool started_ = false;
  std::string differences_;
};

struct Script {
  AlertRule rule;
  DurationMs step = 10 * kSecondMs;
  std::vector<std::pair<int, std::string>> rows;
};

Script ReadScript(std::string_view text) {
  Script script;
  std::istringstream lines{std::string(text)};
  std::string line;
  for (int number = 1; std::getline(lines, line); ++number) {
    std::istringstream words(line);
    std::string first;
    if (!(words >> first) || first.starts_with('#')) continue;
    if (first == "raise") {
      ReadRaise(words, script.rule);
    } else if (first == "nodata") {
      ReadNoData(words, script.rule);
    } else if (first == "step") {
      words >> first;
      script.step = Duration(first);
    } else {
      script.rows.emplace_back(number, line);
    }
  }
  return script;
}

}  // namespace

AlertRule ParseScriptRule(std::string_view script) {
  return ReadScript(script).rule;
}

std::string PlayAlertScript(std::string_view text) {
  const Script script = ReadScript(text);
  Player player(script.rule, script.step);
  for (const auto& [number, line] : script.rows) {
    std::istringstream words(line);
    std::string time;
    words >> time;
    player.Row(number, words, time);
  }
  return player.differences();
}

}  // namespace tickbird::rules
