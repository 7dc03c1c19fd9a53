#include "rules/promql/annotations.h"

#include <algorithm>

#include <fmt/core.h>

#include "core/base/strings.h"

namespace tickbird::promql {
namespace {

void Add(std::vector<std::string>& texts, std::string text) {
  if (texts.size() >= Annotations::kLimit) return;
  if (std::find(texts.begin(), texts.end(), text) == texts.end()) texts.push_back(std::move(text));
}

std::string Text(std::string_view kind, const Expr& at, std::string_view message) {
  return fmt::format("PromQL {}: {} ({}:{})", kind, message, at.span.position.line, at.span.position.column);
}

}  // namespace

void Annotations::Warn(const Expr& at, std::string_view message) {
  Add(warnings_, Text("warning", at, message));
}
void Annotations::Warn(std::string_view message) {
  Add(warnings_, fmt::format("PromQL warning: {}", message));
}
void Annotations::Inform(const Expr& at, std::string_view message) {
  Add(infos_, Text("info", at, message));
}

std::string ForMetricName(std::string_view metric_name) {
  return metric_name.empty() ? "" : fmt::format(" for metric name {}", Quoted(metric_name));
}

}  // namespace tickbird::promql
