// From the text of a series to its labels: done once per series, not per sample.
#include <fmt/core.h>

#include "core/base/strings.h"
#include "core/exposition/parser.h"

namespace tickbird::exposition {

Status ReadLabels(const ParsedSample& sample, LabelsBuilder& into) {
  thread_local std::string name;
  thread_local std::string value;
  const auto resolved = [](std::string_view raw, bool escaped, std::string& buffer) {
    if (!escaped) return raw;
    buffer.clear();
    AppendUnescaped(buffer, raw);
    return std::string_view(buffer);
  };
  into.Set(kMetricNameLabel, resolved(sample.name, sample.name_escaped, name));
  for (std::size_t i = 0; i < sample.labels.size(); ++i) {
    const RawLabel& label = sample.labels[i];
    for (std::size_t before = 0; before < i; ++before) {
      if (sample.labels[before].name == label.name) {
        return Error{ErrorCode::kParse,
                     fmt::format("label {} comes twice in {}", Quoted(label.name), sample.series.substr(0, 256))};
      }
    }
    if (label.name == kMetricNameLabel) {
      return Error{ErrorCode::kParse, fmt::format("label __name__ in {}; the name stands before the braces",
                                                  sample.series.substr(0, 256))};
    }
    into.Set(resolved(label.name, label.name_escaped, name), resolved(label.value, label.value_escaped, value));
  }
  return {};
}

void AppendUnescaped(std::string& out, std::string_view raw) {
  while (!raw.empty()) {
    const std::size_t plain = raw.find('\\');
    out += raw.substr(0, plain);
    if (plain == std::string_view::npos) return;
    raw.remove_prefix(plain + 1);
    if (raw.empty()) {
      out += '\\';
      return;
    }
    if (raw.front() == 'n') {
      out += '\n';
    } else if (raw.front() == '\\' || raw.front() == '"') {
      out += raw.front();
    } else {
      out += '\\';
      out += raw.front();
    }
    raw.remove_prefix(1);
  }
}

}  // namespace tickbird::exposition
