#include "notifiers/channels/message_text.h"

#include <algorithm>
#include <array>

#include <fmt/core.h>

#include "core/base/duration.h"
#include "core/base/number.h"
#include "core/base/strings.h"

namespace tickbird::notify {
namespace {

struct NamedTone {
  std::string_view level;
  Tone tone;
};

/// Names that teams use; others go by rank.
constexpr std::array<NamedTone, 14> kNamedTones = {{
    {"none", Tone::kInfo},
    {"info", Tone::kInfo},
    {"low", Tone::kInfo},
    {"notice", Tone::kInfo},
    {"warn", Tone::kWarning},
    {"warning", Tone::kWarning},
    {"medium", Tone::kWarning},
    {"high", Tone::kHigh},
    {"error", Tone::kHigh},
    {"major", Tone::kHigh},
    {"critical", Tone::kCritical},
    {"page", Tone::kCritical},
    {"emergency", Tone::kCritical},
    {"disaster", Tone::kCritical},
}};

Tone LevelTone(const AlertLevel& level) {
  const auto named = std::ranges::find_if(
      kNamedTones, [&](const NamedTone& entry) { return EqualsIgnoreCase(entry.level, level.name); });
  if (named != kNamedTones.end()) return named->tone;
  return static_cast<Tone>(std::clamp(level.rank, static_cast<int>(Tone::kInfo), static_cast<int>(Tone::kCritical)));
}

std::string Tag(const Message& message) {
  const AlertEvent& alert = *message.alert;
  switch (message.kind) {
    case MessageKind::kRaised:
      return alert.level.name;
    case MessageKind::kLevelUp:
    case MessageKind::kLevelDown:
      return alert.previous.name.empty() ? alert.level.name
                                         : fmt::format("{}, was {}", alert.level.name, alert.previous.name);
    case MessageKind::kRepeat:
      return fmt::format("{}, reminder", alert.level.name);
    case MessageKind::kEscalation:
      return fmt::format("{}, escalation step {}", alert.level.name, message.escalation_step);
    case MessageKind::kCleared:
      return "cleared";
    case MessageKind::kTest:
      return "test";
  }
  return alert.level.name;
}

std::string OneLine(std::string_view text) {
  std::string line(text);
  std::ranges::replace_if(line, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, ' ');
  return line;
}

/// The number that the condition compares with, as written: "85%" of "> 85% for 2m".
std::string_view Threshold(std::string_view condition) {
  const auto digit = condition.find_first_of("0123456789");
  if (digit == std::string_view::npos) return {};
  condition.remove_prefix(digit);
  return condition.substr(0, condition.find_first_of(" \t)"));
}

bool EndsInOneOf(std::string_view text, std::initializer_list<std::string_view> endings) {
  return std::ranges::any_of(endings, [&](std::string_view ending) { return text.ends_with(ending); });
}

}  // namespace

Tone ToneOf(const Message& message) {
  return message.resolved() ? Tone::kCleared : LevelTone(message.alert->level);
}

std::string_view ToneColour(Tone tone) {
  switch (tone) {
    case Tone::kCleared:
      return "#1a7f37";
    case Tone::kInfo:
      return "#0969da";
    case Tone::kWarning:
      return "#9a6700";
    case Tone::kHigh:
      return "#bc4c00";
    case Tone::kCritical:
      return "#cf222e";
  }
  return "#57606a";
}

std::string Headline(const Message& message, std::size_t max_runes) {
  const AlertEvent& alert = *message.alert;
  const std::string what = alert.summary.empty() ? alert.rule + " " + alert.labels.ToString() : alert.summary;
  return CutRunes(OneLine(fmt::format("[{}] {}", Tag(message), what)), max_runes);
}

std::string Headline(const std::vector<Message>& messages, std::size_t max_runes) {
  if (messages.size() == 1) return Headline(messages.front(), max_runes);
  const auto is_raised = [](const Message& message) { return !message.resolved(); };
  const auto raised = std::ranges::count_if(messages, is_raised);
  std::string line = fmt::format("[digest] {} alerts", messages.size());
  if (raised == 0) return line + ", all cleared";
  const auto worst = std::ranges::max_element(
      messages, {}, [&](const Message& message) { return is_raised(message) ? message.alert->level.rank : 0; });
  line += fmt::format(", worst: {}", worst->alert->level.name);
  if (raised < std::ssize(messages)) line += fmt::format(", {} cleared", std::ssize(messages) - raised);
  return CutRunes(OneLine(line), max_runes);
}

std::vector<std::pair<std::string, std::string>> Facts(const Message& message) {
  const AlertEvent& alert = *message.alert;
  std::vector<std::pair<std::string, std::string>> facts;
  facts.emplace_back(message.resolved() ? "Level it had" : "Level", alert.level.name);
  std::string value = FormatMeasured(alert.value, alert.condition);
  if (alert.no_data) value = fmt::format("no data; last seen {}", value);
  if (!alert.condition.empty()) value += fmt::format(" (condition: {})", alert.condition);
  facts.emplace_back("Value", std::move(value));
  facts.emplace_back(message.resolved() ? "Was raised" : "Since", FormatTimestamp(message.incident));
  const TimestampMs until = message.resolved() ? alert.at : message.created;
  if (until > message.incident) facts.emplace_back("For", HumanDuration(until - message.incident));
  if (message.swallowed > 0) {
    facts.emplace_back("Held back", fmt::format("{} {} within the cooldown", message.swallowed,
                                                message.swallowed == 1 ? "raise" : "raises"));
  }
  return facts;
}

std::string AckCommand(const Message& message) {
  if (message.resolved() || message.kind == MessageKind::kTest) return {};
  return "tickbird ack " + FormatAlertId(message.alert->id);
}

std::string FormatMeasured(double value, std::string_view condition) {
  const std::string_view threshold = Threshold(condition);
  if (threshold.ends_with('%')) return HumanPercent(value);
  if (EndsInOneOf(threshold, {"B", "Ki", "Mi", "Gi", "Ti"})) return HumanBytes(value);
  if (EndsInOneOf(threshold, {"ms", "s", "m", "h", "d"}) && value >= 0.001 && value < 1e9) {
    return HumanDuration(static_cast<DurationMs>(value * 1000));
  }
  return HumanNumber(value);
}

std::string CutRunes(std::string_view text, std::size_t max_runes) {
  const auto starts_rune = [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; };
  std::size_t runes = 0;
  std::size_t cut = 0;  // where the text ends when one rune makes place for the mark
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (!starts_rune(text[i])) continue;
    if (runes + 1 == max_runes) cut = i;
    if (++runes > max_runes) return std::string(text.substr(0, cut)) + "…";
  }
  return std::string(text);
}

}  // namespace tickbird::notify
