#include "rules/language/message_text.h"

#include "rules/eval/text.h"

namespace tickbird::language {

void CheckMessageText(const ast::Text& text, const Scope& scope, Diagnostics& diagnostics) {
  const auto parsed = rules::TextTemplate::Parse(text.text);
  if (parsed) return;
  // Where the string is written as it reads, the position inside it is a position in the file.
  const std::string_view written = scope.source()->TextOf(text.span);
  const bool is_verbatim = written.substr(1, written.size() - 2) == text.text;
  if (is_verbatim && parsed.error().position) {
    diagnostics.Embedded(scope.source(), text.span.offset + 1,
                         {.position = *parsed.error().position, .message = parsed.error().message});
  } else {
    diagnostics.Error(scope.source(), text.span, parsed.error().message);
  }
}

}  // namespace tickbird::language
