#include "rules/language/receiver_compiler.h"

#include <algorithm>
#include <array>

#include <fmt/core.h>

#include "core/base/strings.h"

namespace tickbird::language {
namespace {

constexpr std::array<std::string_view, 4> kKinds = {"email", "webhook", "slack", "log"};
/// Kinds of Alertmanager that a file may name because it was written for a later version.
constexpr std::array<std::string_view, 9> kLaterKinds = {"pagerduty", "opsgenie", "msteams", "msteamsv2", "discord",
                                                         "telegram",  "pushover", "sns",     "victorops"};
constexpr std::int64_t kMaxSecretBytes = 64 << 10;

/// Alertmanager's name of a setting that has a shorter one here.
std::string CanonicalField(std::string_view kind, const std::string& name) {
  return kind == "slack" && name == "url" ? "api_url" : name;
}

std::string TrimLineEnd(std::string text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  return text;
}

}  // namespace

ReceiverSpec ReceiverCompiler::Compile(const Placed<ast::Receiver>& placed) {
  const ast::Receiver& receiver = *placed.node;
  const Scope& scope = *placed.scope;
  ReceiverSpec spec;
  spec.name = receiver.name.text;
  spec.kind = receiver.kind.text;
  spec.file = scope.source()->name();
  spec.position = scope.source()->PositionOf(receiver.name.span.offset);
  CheckKind(receiver.kind, scope);
  SetLimit(receiver, scope, spec);
  std::set<std::string> seen;
  for (const ast::Receiver::Field& field : receiver.fields) AddField(field, scope, spec, seen);
  return spec;
}

void ReceiverCompiler::CheckKind(const ast::Name& kind, const Scope& scope) {
  if (std::find(kKinds.begin(), kKinds.end(), kind.text) != kKinds.end()) return;
  const std::string all = fmt::format("{}", fmt::join(kKinds, ", "));
  if (std::find(kLaterKinds.begin(), kLaterKinds.end(), kind.text) != kLaterKinds.end()) {
    return diagnostics_.Error(scope.source(), kind.span,
                              fmt::format("this version does not send to \"{}\" yet; it sends to {}", kind.text, all));
  }
  diagnostics_.Error(
      scope.source(), kind.span,
      fmt::format("unknown kind of receiver \"{}\"{}; kinds are {}", kind.text, DidYouMean(kind.text, kKinds), all));
}

void ReceiverCompiler::SetLimit(const ast::Receiver& receiver, const Scope& scope, ReceiverSpec& spec) {
  for (const ast::Receiver::Limit& limit : receiver.limits) {
    if (spec.limit) {
      diagnostics_.Error(scope.source(), limit.span, "limit is set twice");
    } else if (limit.per.ms <= 0) {
      diagnostics_.Error(scope.source(), limit.per.span, "the time of a limit must be longer than 0");
    }
    spec.limit = ReceiverSpec::Limit{static_cast<int>(limit.count.value), limit.per.ms};
  }
}

void ReceiverCompiler::AddField(const ast::Receiver::Field& field, const Scope& scope, ReceiverSpec& spec,
                                std::set<std::string>& seen) {
  std::string name = CanonicalField(spec.kind, field.name.text);
  if (!seen.insert(name).second) {
    diagnostics_.Error(scope.source(), field.name.span,
                       fmt::format("\"{}\" is set twice in receiver {}", name, spec.name));
    return;
  }
  auto value = ValueOf(field, scope);
  if (!value) return;
  spec.fields.push_back({std::move(name), std::move(*value), scope.source()->PositionOf(field.value.span.offset)});
}

std::optional<std::string> ReceiverCompiler::ValueOf(const ast::Receiver::Field& field, const Scope& scope) {
  const ast::Literal& value = field.value;
  if (value.kind == ast::Literal::Kind::kCall) return Call(value, scope);
  if (IsSecretField(field.name.text)) {
    diagnostics_.Error(
        scope.source(), value.span,
        fmt::format("\"{}\" is a secret and must not stand in a rule file; write env(\"NAME\") or file(\"path\")",
                    field.name.text));
    return std::nullopt;
  }
  if (value.kind == ast::Literal::Kind::kVariable) {
    diagnostics_.Error(scope.source(), value.span,
                       "a receiver has no variables; write the value, env(\"NAME\") or file(\"path\")");
    return std::nullopt;
  }
  if (value.kind == ast::Literal::Kind::kWord && value.text != "true" && value.text != "false") {
    diagnostics_.Error(scope.source(), value.span,
                       fmt::format("put the value in double quotes: {} {}", field.name.text, Quoted(value.text)));
    return std::nullopt;
  }
  return value.text;
}

std::optional<std::string> ReceiverCompiler::Call(const ast::Literal& call, const Scope& scope) {
  if (call.text == "file") return SecretFile(call, scope);
  if (call.text != "env") {
    diagnostics_.Error(scope.source(), call.span,
                       fmt::format("unknown function \"{}\"; write env(\"NAME\") or file(\"path\")", call.text));
    return std::nullopt;
  }
  auto value = environment_.GetEnv(call.argument);
  if (!value || value->empty()) {
    diagnostics_.Error(scope.source(), call.span,
                       fmt::format("the environment variable {} is {}", call.argument, value ? "empty" : "not set"));
    return std::nullopt;
  }
  return value;
}

std::optional<std::string> ReceiverCompiler::SecretFile(const ast::Literal& call, const Scope& scope) {
  const std::string path = ResolvePath(scope.source()->name(), call.argument);
  auto text = environment_.ReadFile(path, kMaxSecretBytes);
  if (!text) {
    diagnostics_.Error(scope.source(), call.span,
                       fmt::format("cannot read {}: {}", Quoted(path), text.error().message));
    return std::nullopt;
  }
  files_read_.push_back(path);
  std::string value = TrimLineEnd(std::move(*text));
  if (value.empty()) {
    diagnostics_.Error(scope.source(), call.span, fmt::format("{} is empty", Quoted(path)));
    return std::nullopt;
  }
  return value;
}

}  // namespace tickbird::language
