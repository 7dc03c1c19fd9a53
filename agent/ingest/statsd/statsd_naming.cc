#include "agent/ingest/statsd/statsd_naming.h"

#include <array>

#include "core/base/strings.h"

namespace tickbird::statsd {
namespace {

bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}
bool IsLetter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

std::string Sanitized(std::string_view raw, bool colons) {
  std::string name;
  name.reserve(raw.size() + 16);
  if (!raw.empty() && IsDigit(raw.front())) name += '_';
  for (const char c : raw) name += IsLetter(c) || IsDigit(c) || (colons && c == ':') ? c : '_';
  return name;
}

std::string LabelName(std::string_view tag) {
  std::string name = Sanitized(tag, false);
  const bool reserved =
      name == "job" || name == "instance" || name == "le" || name == "quantile" || name.starts_with("__");
  return reserved ? "exported_" + name : name;
}

void ReadTags(std::string_view tags, char assignment, Naming& naming) {
  while (!tags.empty()) {
    std::string_view value = TakeUntil(tags, ',');
    if (value.empty()) continue;
    const bool has_value = value.find(assignment) != std::string_view::npos;
    const std::string_view name = TakeUntil(value, assignment);
    if (name.empty()) {
      ++naming.bad_tags;
    } else {
      naming.labels.Set(LabelName(name), has_value ? value : "true");
    }
  }
}

/// Splits `name,k=v`, `name#k=v` and `name[k=v]rest`; `tags` stays empty when there are none.
void SplitName(std::string_view raw, std::string& name, std::string_view& tags) {
  const std::size_t at = raw.find_first_of(",#[");
  name = raw.substr(0, at);
  if (at == std::string_view::npos) return;
  tags = raw.substr(at + 1);
  if (raw[at] != '[') return;
  const std::size_t close = tags.find(']');
  if (close == std::string_view::npos) return;
  name += tags.substr(close + 1);
  tags = tags.substr(0, close);
}

void EndWithSeconds(std::string& name) {
  if (name.ends_with("_seconds")) return;
  for (const std::string_view unit : {"_ms", "_msec", "_milliseconds"}) {
    if (name.size() > unit.size() && name.ends_with(unit)) {
      name.resize(name.size() - unit.size());
      break;
    }
  }
  name += "_seconds";
}

}  // namespace

std::expected<Naming, Reason> NameSeries(std::string_view raw_name, std::string_view tags, LineType type) {
  if (!IsValidUtf8(raw_name) || !IsValidUtf8(tags)) return std::unexpected(Reason::kInvalidUtf8);
  std::string plain;
  std::string_view tags_in_name;
  SplitName(raw_name, plain, tags_in_name);
  if (plain.empty()) return std::unexpected(Reason::kMalformedLine);
  if (!tags_in_name.empty() && !tags.empty()) return std::unexpected(Reason::kMixedTagStyles);

  Naming naming;
  naming.family = Sanitized(plain, true);
  ReadTags(tags, ':', naming);
  ReadTags(tags_in_name, '=', naming);
  switch (type) {
    case LineType::kCounter:
      naming.kind = Kind::kCounter;
      if (!naming.family.ends_with("_total")) naming.family += "_total";
      break;
    case LineType::kGauge:
      naming.kind = Kind::kGauge;
      break;
    case LineType::kSet:
      naming.kind = Kind::kSet;
      break;
    case LineType::kTimer:
      naming.kind = Kind::kHistogram;
      naming.divisor = 1000;
      EndWithSeconds(naming.family);
      break;
    case LineType::kHistogram:
    case LineType::kDistribution:
      naming.kind = Kind::kHistogram;
      break;
  }
  return naming;
}

}  // namespace tickbird::statsd
