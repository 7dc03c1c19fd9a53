#include <fmt/core.h>

#include "rules/language/parse_parts.h"

namespace tickbird::language {
namespace {

bool ParseLimit(Cursor& cursor, Span start, ast::Receiver& receiver) {
  const auto count = cursor.ExpectCount("a number of messages");
  if (!count || !cursor.ExpectWord("per", "and a time")) return false;
  const auto per = cursor.ExpectDuration("a time");
  if (!per) return false;
  receiver.limits.push_back({*count, *per, cursor.SpanFrom(start)});
  return cursor.ExpectSeparator("limit");
}

bool ParseField(Cursor& cursor, ast::Receiver& receiver) {
  const Span start = cursor.Peek().span;
  auto name = cursor.ExpectFieldName("the name of a setting");
  if (!name) return false;
  if (name->text == "limit") return ParseLimit(cursor, start, receiver);
  auto value = cursor.ExpectLiteral(fmt::format("the value of {}", name->text));
  if (!value) return false;
  if (!cursor.ExpectSeparator(name->text)) return false;
  receiver.fields.push_back({std::move(*name), std::move(*value)});
  return true;
}

}  // namespace

bool ParseReceiver(Cursor& cursor, ast::Receiver& receiver) {
  auto name = cursor.ExpectName("a name for the receiver");
  if (!name || !cursor.ExpectWord("is", "and the kind of the receiver")) return false;
  auto kind = cursor.ExpectName("the kind of the receiver");
  if (!kind) return false;
  receiver.name = std::move(*name);
  receiver.kind = std::move(*kind);
  return cursor.ParseBlock(fmt::format("receiver {}", receiver.name.text), Cursor::ItemInBlock::kEndsAtLineStart,
                           [&] { return ParseField(cursor, receiver); });
}

}  // namespace tickbird::language
