#include "core/exposition/writer.h"

#include <fmt/core.h>

#include "core/base/number.h"
#include "core/base/strings.h"
#include "core/exposition/escaping.h"

namespace tickbird::exposition {
namespace {

std::string_view TypeWord(MetricType type, Format format) {
  if (format == Format::kOpenMetrics) return MetricTypeName(type);
  switch (type) {
    case MetricType::kInfo:
    case MetricType::kStateSet:
      return "gauge";
    case MetricType::kUnknown:
    case MetricType::kGaugeHistogram:
      return "untyped";
    default:
      return MetricTypeName(type);
  }
}

void AppendHelp(std::string& out, std::string_view help, Format format) {
  for (const char c : help) {
    if (c == '\\') {
      out += "\\\\";
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '"' && format == Format::kOpenMetrics) {
      out += "\\\"";
    } else {
      out += c;
    }
  }
}

void AppendLabelValue(std::string& out, std::string_view value) {
  if (IsValidUtf8(value)) {
    AppendLabelValueEscaped(out, value);
    return;
  }
  std::string valid;
  AppendValidUtf8(valid, value);
  AppendLabelValueEscaped(out, valid);
}

bool NeedsQuotes(std::string_view name, bool is_label) {
  return is_label ? !IsLegacyLabelName(name) : !IsLegacyMetricName(name);
}

/// Appends a name, in quotes when the escaping left characters that need them.
void AppendName(std::string& out, std::string_view name, Escaping escaping, bool is_label) {
  if (escaping != Escaping::kAllowUtf8) {
    AppendEscapedName(out, name, escaping, is_label);
  } else if (NeedsQuotes(name, is_label)) {
    out += '"';
    AppendLabelValue(out, name);
    out += '"';
  } else {
    out += name;
  }
}

}  // namespace

void Writer::Family(std::string_view name, const MetricMetadata& metadata) {
  counter_ = metadata.type == MetricType::kCounter;
  std::string family(name);
  if (format_ == Format::kOpenMetrics) {
    const std::string_view suffix = counter_ ? "_total" : metadata.type == MetricType::kInfo ? "_info" : "";
    if (!suffix.empty() && family.ends_with(suffix)) family.resize(family.size() - suffix.size());
  } else if (metadata.type == MetricType::kInfo && !family.ends_with("_info")) {
    family += "_info";
  }
  stem_ = family;
  if (!metadata.help.empty()) {
    std::string help;
    AppendValidUtf8(help, metadata.help);
    MetadataLine("HELP", family, help);
  }
  MetadataLine("TYPE", family, TypeWord(metadata.type, format_));
  const bool may_have_unit = metadata.type != MetricType::kInfo && metadata.type != MetricType::kStateSet;
  if (format_ == Format::kOpenMetrics && may_have_unit && !metadata.unit.empty() &&
      family.ends_with("_" + metadata.unit)) {
    MetadataLine("UNIT", family, metadata.unit);
  }
}

void Writer::MetadataLine(std::string_view keyword, std::string_view name, std::string_view text) {
  out_ += "# ";
  out_ += keyword;
  out_ += ' ';
  AppendName(out_, name, escaping_, false);
  out_ += ' ';
  AppendHelp(out_, text, format_);
  out_ += '\n';
}

void Writer::Sample(std::string_view name, const Labels& labels, double value, std::optional<TimestampMs> timestamp,
                    const Exemplar* exemplar) {
  scratch_.assign(labels.begin(), labels.end());
  Sample(name, scratch_, value, timestamp, exemplar);
}

void Writer::Sample(std::string_view name, std::span<const LabelView> labels, double value,
                    std::optional<TimestampMs> timestamp, const Exemplar* exemplar) {
  std::string with_total;
  if (counter_ && format_ == Format::kOpenMetrics && !name.ends_with("_total") && !name.ends_with("_created")) {
    with_total.assign(name).append("_total");
    name = with_total;
  }
  const bool quoted = escaping_ == Escaping::kAllowUtf8 && NeedsQuotes(name, false);
  if (!quoted) SampleName(name);
  LabelSet(labels, quoted ? name : std::string_view());
  out_ += ' ';
  AppendDoubleExposition(out_, value);
  if (timestamp) Timestamp(*timestamp);
  if (exemplar && format_ == Format::kOpenMetrics) {
    out_ += " # ";
    const std::size_t before = out_.size();
    const std::vector<LabelView> exemplar_labels(exemplar->labels.begin(), exemplar->labels.end());
    LabelSet(exemplar_labels, {});
    if (out_.size() == before) out_ += "{}";
    out_ += ' ';
    AppendDoubleExposition(out_, exemplar->value);
    if (exemplar->timestamp) Timestamp(*exemplar->timestamp);
  }
  out_ += '\n';
}

// The ending ("_bucket") means something to readers and must survive the escaping of the family's name.
void Writer::SampleName(std::string_view name) {
  const bool has_ending = !stem_.empty() && name.starts_with(stem_) && name.substr(stem_.size()).starts_with('_');
  AppendName(out_, has_ending ? std::string_view(stem_) : name, escaping_, false);
  if (has_ending) out_ += name.substr(stem_.size());
}

// Nothing at all when there is nothing to put in the braces.
void Writer::LabelSet(std::span<const LabelView> labels, std::string_view quoted_metric_name) {
  char separator = '{';
  if (!quoted_metric_name.empty()) {
    out_ += "{\"";
    AppendLabelValue(out_, quoted_metric_name);
    out_ += '"';
    separator = ',';
  }
  for (const LabelView& label : labels) {
    if (label.name == kMetricNameLabel) continue;
    out_ += separator;
    separator = ',';
    AppendName(out_, label.name, escaping_, true);
    out_ += "=\"";
    AppendLabelValue(out_, label.value);
    out_ += '"';
  }
  if (separator == ',') out_ += '}';
}

void Writer::Timestamp(TimestampMs timestamp) {
  out_ += ' ';
  if (format_ == Format::kText) {
    out_ += fmt::format("{}", timestamp);
    return;
  }
  const std::uint64_t magnitude =
      timestamp < 0 ? 0 - static_cast<std::uint64_t>(timestamp) : static_cast<std::uint64_t>(timestamp);
  out_ += fmt::format("{}{}.{:03}", timestamp < 0 ? "-" : "", magnitude / 1000, magnitude % 1000);
}

void Writer::Finish() {
  if (format_ == Format::kOpenMetrics) out_ += "# EOF\n";
}

}  // namespace tickbird::exposition
