#include "agent/ingest/statsd/statsd_line.h"

#include <array>
#include <optional>

#include "core/base/strings.h"
#include "core/exposition/number_reader.h"

namespace tickbird::statsd {
namespace {

constexpr std::array<std::string_view, kReasonCount> kReasonNames = {
    "malformed_line",   "malformed_value", "unknown_type",     "bad_sample_rate", "bad_tag",
    "mixed_tag_styles", "invalid_utf8",    "negative_counter", "too_long",        "type_conflict",
    "name_limit",       "series_limit",    "set_limit",        "event",           "service_check"};

constexpr std::array<std::string_view, kLineTypeCount> kTypeNames = {"counter",   "gauge",        "timer",
                                                                     "histogram", "distribution", "set"};

// Nobody samples more thinly, and a single line may not outweigh all others.
constexpr double kLowestRate = 1e-9;

std::optional<LineType> ReadType(std::string_view letters) {
  if (letters == "ms") return LineType::kTimer;
  if (letters.size() != 1) return std::nullopt;
  switch (letters.front()) {
    case 'c':
    case 'm':
      return LineType::kCounter;
    case 'g':
      return LineType::kGauge;
    case 'h':
      return LineType::kHistogram;
    case 'd':
      return LineType::kDistribution;
    case 's':
      return LineType::kSet;
    default:
      return std::nullopt;
  }
}

void ReadField(std::string_view field, Line& line) {
  if (field.starts_with('#')) {
    line.tags = field.substr(1);
  } else if (field.starts_with('@')) {
    double rate = 0;
    const bool ok = exposition::ReadNumber(field.substr(1), rate) && rate >= kLowestRate && rate <= 1;
    line.bad_sample_rate = !ok;
    line.sample_rate = ok ? rate : 1;
  }
}

}  // namespace

std::string_view ReasonName(Reason reason) {
  return kReasonNames[static_cast<std::size_t>(reason)];
}

std::string_view LineTypeName(LineType type) {
  return kTypeNames[static_cast<std::size_t>(type)];
}

std::expected<Line, Reason> ParseLine(std::string_view text) {
  if (text.starts_with("_e{")) return std::unexpected(Reason::kEvent);
  if (text.starts_with("_sc|")) return std::unexpected(Reason::kServiceCheck);
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos || colon == 0) return std::unexpected(Reason::kMalformedLine);
  const std::size_t bar = text.find('|', colon + 1);
  if (bar == std::string_view::npos) return std::unexpected(Reason::kMalformedLine);

  Line line;
  line.name = text.substr(0, colon);
  line.values = text.substr(colon + 1, bar - colon - 1);
  if (line.values.empty()) return std::unexpected(Reason::kMalformedValue);
  std::string_view fields = text.substr(bar + 1);
  const auto type = ReadType(TakeUntil(fields, '|'));
  if (!type) return std::unexpected(Reason::kUnknownType);
  line.type = *type;
  while (!fields.empty()) ReadField(TakeUntil(fields, '|'), line);
  return line;
}

}  // namespace tickbird::statsd
