#include "core/base/source_text.h"

#include <algorithm>

#include <fmt/core.h>

namespace tickbird {
namespace {

std::string_view LineOf(std::string_view text, int line) {
  for (int i = 1; i < line; ++i) {
    const auto end = text.find('\n');
    if (end == std::string_view::npos) return {};
    text.remove_prefix(end + 1);
  }
  text = text.substr(0, text.find('\n'));
  if (!text.empty() && text.back() == '\r') text.remove_suffix(1);
  return text;
}

}  // namespace

Position PositionAt(std::string_view text, std::size_t offset) {
  const std::string_view before = text.substr(0, offset);
  const auto line = 1 + std::count(before.begin(), before.end(), '\n');
  const auto line_start = before.rfind('\n');
  const auto column = before.size() - (line_start == std::string_view::npos ? 0 : line_start + 1) + 1;
  return {static_cast<int>(line), static_cast<int>(column)};
}

std::string RenderDiagnostic(std::string_view file, std::string_view text, const Diagnostic& diagnostic) {
  const bool is_error = diagnostic.severity == Diagnostic::Severity::kError;
  std::string out = fmt::format("{}:{}:{}: {}: {}\n", file, diagnostic.position.line, diagnostic.position.column,
                                is_error ? "error" : "warning", diagnostic.message);
  if (diagnostic.position.line <= 0) return out;
  const std::string_view line = LineOf(text, diagnostic.position.line);
  out += fmt::format("{:>5} | {}\n", diagnostic.position.line, line);
  if (diagnostic.position.column <= 0) return out;
  out += "      | ";
  const auto column = static_cast<std::size_t>(diagnostic.position.column - 1);
  for (std::size_t i = 0; i < column; ++i) out += i < line.size() && line[i] == '\t' ? '\t' : ' ';
  out += '^';
  const std::size_t room = line.size() > column ? line.size() - column : 1;
  const auto length = std::min(static_cast<std::size_t>(std::max(diagnostic.length, 1)), room);
  out.append(length > 0 ? length - 1 : 0, '~');
  out += '\n';
  return out;
}

}  // namespace tickbird
