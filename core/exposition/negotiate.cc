#include "core/exposition/negotiate.h"

#include <optional>

#include "core/base/number.h"
#include "core/base/strings.h"

namespace tickbird::exposition {
namespace {

struct MediaRange {
  std::string_view type;
  std::string_view version;
  std::string_view escaping;
  double q = 1;
};

std::string_view Unquoted(std::string_view value) {
  if (value.size() >= 2 && value.front() == '"' && value.back() == '"') return value.substr(1, value.size() - 2);
  return value;
}

MediaRange ReadMediaRange(std::string_view text) {
  MediaRange range;
  range.type = Trim(TakeUntil(text, ';'));
  while (!text.empty()) {
    std::string_view value = TakeUntil(text, ';');
    const std::string_view name = Trim(TakeUntil(value, '='));
    value = Unquoted(Trim(value));
    if (EqualsIgnoreCase(name, "version")) range.version = value;
    if (EqualsIgnoreCase(name, "escaping")) range.escaping = value;
    if (EqualsIgnoreCase(name, "q")) range.q = ParseDouble(value).value_or(0);
  }
  return range;
}

std::optional<Escaping> ReadEscaping(std::string_view name) {
  if (name == "allow-utf-8") return Escaping::kAllowUtf8;
  if (name == "underscores") return Escaping::kUnderscores;
  if (name == "dots") return Escaping::kDots;
  if (name == "values") return Escaping::kValues;
  return std::nullopt;
}

/// The form that serves `range`, if we have one.
std::optional<Negotiated> Serve(const MediaRange& range) {
  Negotiated answer;
  const std::string_view version = range.version;
  const bool any = range.type == "*/*" || EqualsIgnoreCase(range.type, "text/*");
  if (any || EqualsIgnoreCase(range.type, "text/plain")) {
    if (!version.empty() && version != "0.0.4" && version != "1.0.0") return std::nullopt;
    answer.content_type =
        version == "1.0.0" ? "text/plain; version=1.0.0; charset=utf-8" : "text/plain; version=0.0.4; charset=utf-8";
  } else if (EqualsIgnoreCase(range.type, "application/openmetrics-text")) {
    if (!version.empty() && version != "0.0.1" && version != "1.0.0") return std::nullopt;
    answer.format = Format::kOpenMetrics;
    answer.content_type = version == "0.0.1" ? "application/openmetrics-text; version=0.0.1; charset=utf-8"
                                             : "application/openmetrics-text; version=1.0.0; charset=utf-8";
  } else {
    return std::nullopt;
  }
  if (const auto escaping = ReadEscaping(range.escaping)) {
    answer.escaping = *escaping;
    answer.content_type += "; escaping=";
    answer.content_type += range.escaping;
  }
  return answer;
}

}  // namespace

Negotiated Negotiate(std::string_view accept) {
  Negotiated best = *Serve(MediaRange{.type = "text/plain"});
  double best_q = 0;
  while (!accept.empty()) {
    const MediaRange range = ReadMediaRange(TakeUntil(accept, ','));
    if (!(range.q > best_q)) continue;
    if (auto answer = Serve(range)) {
      best = std::move(*answer);
      best_q = range.q;
    }
  }
  return best;
}

}  // namespace tickbird::exposition
