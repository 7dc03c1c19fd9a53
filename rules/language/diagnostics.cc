#include "rules/language/diagnostics.h"

#include <algorithm>
#include <tuple>

#include <fmt/core.h>

namespace tickbird::language {

std::string FileDiagnostic::Render() const {
  return RenderDiagnostic(source->name(), source->text(), diagnostic);
}

void Diagnostics::Error(const std::shared_ptr<const Source>& source, Span span, std::string message) {
  Add(source, {.severity = Diagnostic::Severity::kError,
               .position = source->PositionOf(span.offset),
               .length = static_cast<int>(std::max<std::uint32_t>(span.length, 1)),
               .message = std::move(message)});
}

void Diagnostics::Warning(const std::shared_ptr<const Source>& source, Span span, std::string message) {
  Add(source, {.severity = Diagnostic::Severity::kWarning,
               .position = source->PositionOf(span.offset),
               .length = static_cast<int>(std::max<std::uint32_t>(span.length, 1)),
               .message = std::move(message)});
}

void Diagnostics::FileError(const std::string& name, std::string message) {
  Add(std::make_shared<const Source>(name, ""), {.position = {}, .message = std::move(message)});
}

void Diagnostics::Embedded(const std::shared_ptr<const Source>& source, std::size_t start, const Diagnostic& inner) {
  const Position base = source->PositionOf(start);
  Diagnostic outer = inner;
  outer.position.line = base.line + std::max(inner.position.line, 1) - 1;
  if (inner.position.line <= 1) outer.position.column = base.column + std::max(inner.position.column, 1) - 1;
  Add(source, std::move(outer));
}

void Diagnostics::Add(const std::shared_ptr<const Source>& source, Diagnostic diagnostic) {
  const bool is_error = diagnostic.severity == Diagnostic::Severity::kError;
  std::string key = fmt::format("{}\n{}:{}\n{}", source->name(), diagnostic.position.line, diagnostic.position.column,
                                diagnostic.message);
  if (seen_.contains(key)) return;
  if (is_error) ++error_count_;
  if (found_.size() >= kMaxDiagnostics) {
    ++dropped_;
    return;
  }
  seen_.insert(std::move(key));
  found_.push_back({source, std::move(diagnostic)});
}

std::vector<FileDiagnostic> Diagnostics::Take() {
  std::vector<const Source*> order;
  for (const FileDiagnostic& entry : found_) {
    if (std::find(order.begin(), order.end(), entry.source.get()) == order.end()) order.push_back(entry.source.get());
  }
  const auto key = [&](const FileDiagnostic& entry) {
    const auto file = std::find(order.begin(), order.end(), entry.source.get()) - order.begin();
    const Diagnostic& diagnostic = entry.diagnostic;
    return std::tuple(file, diagnostic.position.line, diagnostic.position.column, std::string_view(diagnostic.message));
  };
  std::sort(found_.begin(), found_.end(),
            [&](const FileDiagnostic& a, const FileDiagnostic& b) { return key(a) < key(b); });
  if (dropped_ > 0 && !found_.empty()) {
    found_.back().diagnostic.message += fmt::format(" ({} more are not shown)", dropped_);
  }
  seen_.clear();
  return std::move(found_);
}

}  // namespace tickbird::language
