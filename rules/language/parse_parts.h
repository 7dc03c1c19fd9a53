#pragma once

#include <optional>
#include <vector>

#include "rules/language/ast.h"
#include "rules/language/cursor.h"

/// The parts of the grammar, each a function over the Cursor (whose convention for failure they follow).
namespace tickbird::language {

// parse_notify.cc
std::optional<std::vector<ast::Target>> ParseTargets(Cursor& cursor);
std::optional<ast::Steps> ParseSteps(Cursor& cursor, const std::string& owner);
std::optional<ast::Step> ParseStep(Cursor& cursor);
std::optional<std::vector<ast::Name>> ParseBy(Cursor& cursor);

// parse_clause.cc
/// Which words a body knows.
enum class BodyKind { kAlert, kSlo };
std::optional<ast::Clause> ParseClause(Cursor& cursor, BodyKind kind);
/// False when the opening brace is missing.
bool ParseBody(Cursor& cursor, const std::string& owner, BodyKind kind, ast::Body& body);
bool IsClauseKeyword(std::string_view word);

// parse_receiver.cc
bool ParseReceiver(Cursor& cursor, ast::Receiver& receiver);

// parse_proof.cc
bool ParseTest(Cursor& cursor, ast::Test& test);
bool ParseCalendar(Cursor& cursor, ast::Calendar& calendar);

}  // namespace tickbird::language
