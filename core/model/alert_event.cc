#include "core/model/alert_event.h"

#include <charconv>

#include <fmt/core.h>

namespace tickbird {

std::string FormatAlertId(std::uint64_t id) {
  return fmt::format("{:016x}", id);
}

std::optional<std::uint64_t> ParseAlertId(std::string_view text) {
  std::uint64_t id = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), id, 16);
  if (text.size() != 16 || code != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return id;
}

}  // namespace tickbird
