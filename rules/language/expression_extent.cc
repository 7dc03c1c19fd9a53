#include "rules/language/expression_extent.h"

#include <algorithm>
#include <string>
#include <vector>

#include "core/base/strings.h"

namespace tickbird::language {
namespace {

bool IsWordStart(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
bool IsWordPart(char c) {
  return IsWordStart(c) || (c >= '0' && c <= '9') || c == ':';
}

std::size_t WordEnd(std::string_view text, std::size_t at) {
  while (at < text.size() && IsWordPart(text[at])) ++at;
  return at;
}

std::size_t LineEnd(std::string_view text, std::size_t at) {
  return std::min(text.find('\n', at), text.size());
}

/// Past the closing quote, or at the end of the line for one that is not closed. Back quotes may span lines.
std::size_t StringEnd(std::string_view text, std::size_t at) {
  const char quote = text[at];
  for (++at; at < text.size(); ++at) {
    if (text[at] == quote) return at + 1;
    if (quote == '`') continue;
    if (text[at] == '\n') return at;
    if (text[at] == '\\' && at + 1 < text.size() && text[at + 1] != '\n') ++at;
  }
  return at;
}

bool IsOperatorWord(std::string_view word) {
  const std::string lower = AsciiLower(word);
  return lower == "and" || lower == "or" || lower == "unless" || lower == "atan2";
}

bool StartsWithBinaryOperator(std::string_view text, std::size_t at) {
  const std::string_view rest = text.substr(at);
  if (rest.empty()) return false;
  if (IsWordStart(rest[0])) return IsOperatorWord(rest.substr(0, WordEnd(rest, 0)));
  return rest.starts_with("==") || rest.starts_with("!=") ||
         std::string_view("+-*/%^<>").find(rest[0]) != std::string_view::npos;
}

/// The first byte of the next line that holds more than blanks and a comment.
std::size_t NextLine(std::string_view text, std::size_t at) {
  while (at < text.size()) {
    if (text[at] == '#') {
      at = LineEnd(text, at);
    } else if (std::string_view(" \t\r\n").find(text[at]) != std::string_view::npos) {
      ++at;
    } else {
      break;
    }
  }
  return at;
}

char ClosingOf(char open) {
  return open == '(' ? ')' : open == '[' ? ']' : '}';
}

/// Walks over an expression and remembers where its last meaningful byte was.
class Walker {
 public:
  Walker(std::string_view text, std::size_t begin) : text_(text), at_(begin), end_(begin) {}

  /// False when a bracket is not closed by what follows.
  bool Walk() {
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '\n' && open_.empty() && !after_operator_ && !ContinuesOnNextLine()) return true;
      if (open_.empty() && (c == ';' || c == '}')) return true;
      if (!Step(c)) return false;
      if (done_) return true;
    }
    return open_.empty();
  }
  std::size_t end() const { return end_; }
  /// Where the outermost bracket stands that was not closed; after Walk() said so.
  std::size_t open_bracket() const { return open_at_.front(); }

 private:
  bool Step(char c) {
    if (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
      ++at_;
    } else if (c == '#') {
      at_ = LineEnd(text_, at_);
    } else if (c == '"' || c == '\'' || c == '`') {
      Advance(StringEnd(text_, at_));
    } else if (IsWordPart(c) || c == '$') {
      TakeWord();
    } else if (c == '(' || c == '[' || c == '{') {
      open_ += c;
      open_at_.push_back(at_);
      Advance(at_ + 1);
    } else if (!open_.empty() && (c == ')' || c == ']' || c == '}')) {
      if (ClosingOf(open_.back()) != c) return false;
      open_.pop_back();
      open_at_.pop_back();
      Advance(at_ + 1);
    } else {
      Advance(at_ + 1);
    }
    return true;
  }
  void TakeWord() {
    const std::size_t end = std::max(WordEnd(text_, at_), at_ + 1);
    const std::string_view word = text_.substr(at_, end - at_);
    if (open_.empty() && (word == "for" || word == "clear")) {
      done_ = true;
      return;
    }
    Advance(end);
    after_operator_ = IsOperatorWord(word);
  }
  bool ContinuesOnNextLine() const { return StartsWithBinaryOperator(text_, NextLine(text_, at_)); }
  void Advance(std::size_t to) {
    after_operator_ = to == at_ + 1 && std::string_view("+-*/%^<>=").find(text_[at_]) != std::string_view::npos;
    end_ = at_ = to;
  }

  std::string_view text_;
  std::size_t at_;
  std::size_t end_;
  std::string open_;  ///< The brackets that are open, outermost first.
  std::vector<std::size_t> open_at_;
  bool after_operator_ = false;
  bool done_ = false;
};

}  // namespace

std::size_t ExpressionEnd(std::string_view text, std::size_t begin) {
  Walker walker(text, begin);
  if (walker.Walk()) return walker.end();
  // PromQL's own parser points at the bracket; what stands in the lines after it is ours.
  const std::string_view rest = text.substr(begin, LineEnd(text, walker.open_bracket()) - begin);
  return begin + rest.find_last_not_of(" \t\r") + 1;
}

std::size_t SelectorEnd(std::string_view text, std::size_t begin) {
  if (begin >= text.size() || text[begin] != '{') return begin;
  for (std::size_t at = begin; at < text.size();) {
    const char c = text[at];
    if (c == '}') return at + 1;
    if (c == '"' || c == '\'' || c == '`') {
      at = StringEnd(text, at);
    } else if (c == '#') {
      at = LineEnd(text, at);
    } else {
      ++at;
    }
  }
  return begin;
}

}  // namespace tickbird::language
