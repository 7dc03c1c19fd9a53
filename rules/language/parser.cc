#include "rules/language/parser.h"

#include <array>

#include <fmt/core.h>

#include "core/base/strings.h"
#include "rules/language/cursor.h"
#include "rules/language/parse_parts.h"

namespace tickbird::language {
namespace {

/// Items: what stands in a file and in groups.
class ItemParser {
 public:
  explicit ItemParser(Cursor& cursor) : cursor_(cursor) {}

  ast::File ParseFile() {
    ast::File file;
    while (true) {
      cursor_.SkipSeparators();
      if (cursor_.AtEnd()) return file;
      if (cursor_.AtPunctuation("}")) {
        cursor_.Error(cursor_.Peek().span, "this brace closes nothing");
        cursor_.Take();
      } else if (!ParseItem(file.items)) {
        cursor_.Recover();
      }
    }
  }

 private:
  using Node = decltype(ast::Item::node);
  using MaybeNode = std::optional<Node>;
  struct Entry {
    std::string_view keyword;
    MaybeNode (ItemParser::*parse)();
  };

  bool ParseItem(std::vector<ast::Item>& items) {
    const Entry* entry = FindEntry();
    if (entry == nullptr) {
      ReportUnknownItem();
      return false;
    }
    const Token keyword = cursor_.Take();
    MaybeNode node = (this->*entry->parse)();
    if (!node) return false;
    items.push_back({keyword.text, keyword.span, std::move(*node)});
    return cursor_.ExpectSeparator(keyword.text);
  }

  const Entry* FindEntry() {
    static constexpr std::array<Entry, 15> kItems = {{{"include", &ItemParser::ParseInclude},
                                                      {"let", &ItemParser::ParseLet},
                                                      {"levels", &ItemParser::ParseLevels},
                                                      {"defaults", &ItemParser::ParseDefaults},
                                                      {"receiver", &ItemParser::ParseReceiverItem},
                                                      {"policy", &ItemParser::ParsePolicy},
                                                      {"calendar", &ItemParser::ParseCalendarItem},
                                                      {"template", &ItemParser::ParseTemplate},
                                                      {"group", &ItemParser::ParseGroup},
                                                      {"alert", &ItemParser::ParseAlert},
                                                      {"record", &ItemParser::ParseRecord},
                                                      {"slo", &ItemParser::ParseSlo},
                                                      {"heartbeat", &ItemParser::ParseHeartbeat},
                                                      {"inhibit", &ItemParser::ParseInhibit},
                                                      {"test", &ItemParser::ParseTestItem}}};
    if (cursor_.Peek().kind != TokenKind::kName) return nullptr;
    for (const Entry& entry : kItems) {
      if (entry.keyword == cursor_.Peek().text) return &entry;
    }
    return nullptr;
  }

  void ReportUnknownItem() {
    const Token& token = cursor_.Peek();
    if (token.kind != TokenKind::kName)
      return cursor_.Unexpected("an item such as alert, record, receiver or defaults");
    if (IsClauseKeyword(token.text)) {
      return cursor_.Error(token.span,
                           fmt::format("\"{}\" belongs inside an alert, a template or defaults", token.text));
    }
    cursor_.Error(token.span, fmt::format("unknown item \"{}\"{}", token.text, DidYouMean(token.text, ItemKeywords())));
  }

  MaybeNode ParseInclude() {
    auto path = cursor_.ExpectText("a path");
    if (!path) return std::nullopt;
    return ast::Include{std::move(*path)};
  }

  MaybeNode ParseLet() {
    auto name = cursor_.ExpectName("a name");
    if (!name || !cursor_.ExpectPunctuation("=", "and an expression")) return std::nullopt;
    auto expression = cursor_.ExpectExpression("an expression");
    if (!expression) return std::nullopt;
    return ast::Let{std::move(*name), std::move(*expression)};
  }

  MaybeNode ParseLevels() {
    ast::Levels levels;
    do {
      auto name = cursor_.ExpectName("the name of a level");
      if (!name) return std::nullopt;
      levels.names.push_back(std::move(*name));
    } while (cursor_.TryPunctuation("<"));
    return levels;
  }

  MaybeNode ParseDefaults() {
    ast::Defaults defaults;
    if (!ParseBody(cursor_, "defaults", BodyKind::kAlert, defaults.body)) return std::nullopt;
    return defaults;
  }

  MaybeNode ParseReceiverItem() {
    ast::Receiver receiver;
    if (!ParseReceiver(cursor_, receiver)) return std::nullopt;
    return receiver;
  }

  MaybeNode ParsePolicy() {
    auto name = cursor_.ExpectName("a name for the policy");
    if (!name) return std::nullopt;
    auto steps = ParseSteps(cursor_, fmt::format("policy {}", name->text));
    if (!steps) return std::nullopt;
    return ast::Policy{std::move(*name), std::move(*steps)};
  }

  MaybeNode ParseCalendarItem() {
    ast::Calendar calendar;
    if (!ParseCalendar(cursor_, calendar)) return std::nullopt;
    return calendar;
  }

  MaybeNode ParseTemplate() {
    auto name = cursor_.ExpectName("a name for the template");
    if (!name || !cursor_.ExpectPunctuation("(", "before the parameters")) return std::nullopt;
    ast::Template result{.name = std::move(*name)};
    if (!ParseParameters(result)) return std::nullopt;
    if (!ParseBody(cursor_, fmt::format("template {}", result.name.text), BodyKind::kAlert, result.body))
      return std::nullopt;
    return result;
  }

  bool ParseParameters(ast::Template& result) {
    cursor_.SkipSeparators();
    if (cursor_.TryPunctuation(")")) return true;
    const bool ok = cursor_.ParseList([&] {
      auto name = cursor_.ExpectName("a parameter");
      if (!name) return false;
      ast::Template::Parameter parameter{.name = std::move(*name)};
      if (cursor_.TryPunctuation("=")) {
        parameter.value = cursor_.ExpectLiteral("the default of the parameter");
        if (!parameter.value) return false;
      }
      result.parameters.push_back(std::move(parameter));
      return true;
    });
    cursor_.SkipSeparators();
    return ok && cursor_.ExpectPunctuation(")", "after the parameters");
  }

  MaybeNode ParseAlert() {
    auto name = cursor_.ExpectName("a name for the alert");
    if (!name) return std::nullopt;
    ast::Alert alert{.name = std::move(*name)};
    if (cursor_.TryWord("from") && !ParseFrom(alert)) return std::nullopt;
    if (alert.from && !cursor_.AtPunctuation("{")) return alert;
    if (!ParseBody(cursor_, fmt::format("alert {}", alert.name.text), BodyKind::kAlert, alert.body))
      return std::nullopt;
    return alert;
  }

  bool ParseFrom(ast::Alert& alert) {
    alert.from = cursor_.ExpectName("the name of a template");
    if (!alert.from) return false;
    if (!cursor_.TryPunctuation("(")) return true;
    cursor_.SkipSeparators();
    if (cursor_.TryPunctuation(")")) return true;
    const bool ok = cursor_.ParseList([&] {
      auto name = cursor_.ExpectName("a parameter of the template");
      if (!name || !cursor_.ExpectPunctuation("=", "and a value")) return false;
      auto value = cursor_.ExpectLiteral("the value of the parameter");
      if (value) alert.arguments.push_back({std::move(*name), std::move(*value)});
      return value.has_value();
    });
    cursor_.SkipSeparators();
    return ok && cursor_.ExpectPunctuation(")", "after the arguments");
  }

  MaybeNode ParseRecord() {
    auto metric = cursor_.ExpectMetricName("the name of the new metric");
    if (!metric) return std::nullopt;
    ast::Record record{.metric = std::move(*metric)};
    if (cursor_.TryPunctuation("{") && !ParseLabels(record.labels)) return std::nullopt;
    if (!cursor_.ExpectPunctuation("=", "and an expression")) return std::nullopt;
    auto expression = cursor_.ExpectExpression("an expression");
    if (!expression) return std::nullopt;
    record.expression = std::move(*expression);
    return record;
  }

  bool ParseLabels(std::vector<ast::Label>& labels) {
    const bool ok = cursor_.ParseList([&] {
      auto name = cursor_.ExpectName("the name of a label");
      if (!name || !cursor_.ExpectPunctuation("=", "and the value of the label")) return false;
      auto value = cursor_.ExpectLiteral("the value of the label");
      if (value) labels.push_back({std::move(*name), std::move(*value)});
      return value.has_value();
    });
    return ok && cursor_.ExpectPunctuation("}", "after the labels");
  }

  MaybeNode ParseSlo() {
    auto name = cursor_.ExpectName("a name for the objective");
    if (!name) return std::nullopt;
    ast::Slo slo{.name = std::move(*name)};
    if (!ParseBody(cursor_, fmt::format("slo {}", slo.name.text), BodyKind::kSlo, slo.body)) return std::nullopt;
    return slo;
  }

  MaybeNode ParseHeartbeat() {
    auto name = cursor_.ExpectName("a name for the heartbeat");
    if (!name) return std::nullopt;
    ast::Heartbeat heartbeat{.name = std::move(*name)};
    const bool ok =
        cursor_.ParseBlock(fmt::format("heartbeat {}", heartbeat.name.text), Cursor::ItemInBlock::kEnds, [&] {
          if (cursor_.TryWord("to")) {
            auto targets = ParseTargets(cursor_);
            if (targets) heartbeat.to = std::move(*targets);
            return targets && cursor_.ExpectSeparator("to");
          }
          if (!cursor_.ExpectWord("every", "or \"to\"")) return false;
          heartbeat.every = cursor_.ExpectDuration("a time");
          return heartbeat.every && cursor_.ExpectSeparator("every");
        });
    if (!ok) return std::nullopt;
    return heartbeat;
  }

  MaybeNode ParseInhibit() {
    auto target = cursor_.ExpectSelector("what is inhibited");
    if (!target || !cursor_.ExpectWord("when", "and a selector")) return std::nullopt;
    auto source = cursor_.ExpectSelector("what inhibits");
    if (!source) return std::nullopt;
    ast::Inhibit inhibit{.target = std::move(*target), .source = std::move(*source)};
    if (cursor_.AtWord("by")) {
      auto by = ParseBy(cursor_);
      if (!by) return std::nullopt;
      inhibit.by = std::move(*by);
    }
    return inhibit;
  }

  MaybeNode ParseTestItem() {
    ast::Test test;
    if (!ParseTest(cursor_, test)) return std::nullopt;
    return test;
  }

  MaybeNode ParseGroup() {
    auto name = cursor_.ExpectName("a name for the group");
    if (!name) return std::nullopt;
    ast::Group group{.name = std::move(*name)};
    if (cursor_.TryWord("every")) {
      group.every = cursor_.ExpectDuration("a time");
      if (!group.every) return std::nullopt;
    }
    if (depth_ == kMaxGroupDepth) {
      cursor_.Error(group.name.span, fmt::format("groups may be nested {} deep", kMaxGroupDepth));
      return std::nullopt;
    }
    ++depth_;
    const bool ok = ParseGroupItems(group);
    --depth_;
    if (!ok) return std::nullopt;
    return group;
  }

  bool ParseGroupItems(ast::Group& group) {
    return cursor_.ParseBlock(fmt::format("group {}", group.name.text), Cursor::ItemInBlock::kAllowed,
                              [&] { return ParseItem(group.items); });
  }

  Cursor& cursor_;
  int depth_ = 0;
};

}  // namespace

ast::File Parse(const std::shared_ptr<const Source>& source, Diagnostics& diagnostics) {
  Cursor cursor(source, diagnostics);
  return ItemParser(cursor).ParseFile();
}

}  // namespace tickbird::language
