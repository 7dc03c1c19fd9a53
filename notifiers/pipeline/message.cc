#include "notifiers/pipeline/message.h"

#include <array>

#include <fmt/core.h>

namespace tickbird::notify {
namespace {

struct KindName {
  MessageKind kind;
  std::string_view name;
};

constexpr std::array<KindName, 7> kKindNames = {{
    {MessageKind::kRaised, "raised"},
    {MessageKind::kLevelUp, "level_up"},
    {MessageKind::kLevelDown, "level_down"},
    {MessageKind::kRepeat, "repeat"},
    {MessageKind::kEscalation, "escalation"},
    {MessageKind::kCleared, "cleared"},
    {MessageKind::kTest, "test"},
}};

}  // namespace

std::string_view MessageKindName(MessageKind kind) {
  for (const KindName& entry : kKindNames) {
    if (entry.kind == kind) return entry.name;
  }
  return "unknown";
}

std::optional<MessageKind> ParseMessageKind(std::string_view name) {
  for (const KindName& entry : kKindNames) {
    if (entry.name == name) return entry.kind;
  }
  return std::nullopt;
}

std::string MessageKey(std::uint64_t alert, TimestampMs incident, std::uint32_t sequence,
                       std::string_view integration) {
  return fmt::format("{}-{:x}-{}-{:016x}", FormatAlertId(alert), static_cast<std::uint64_t>(incident), sequence,
                     StableHash(integration));
}

std::uint64_t StableHash(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char c : text) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 0x100000001b3;
  }
  return hash;
}

}  // namespace tickbird::notify
