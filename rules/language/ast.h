#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/base/clock.h"
#include "rules/language/source.h"

/// The rule language as a tree: the whole grammar, whether this version evaluates it or not. Plain data that owns its
/// texts; spans point into the file it was read from. Expressions are kept as text: PromQL parses them once the names
/// they use are known.
namespace tickbird::language::ast {

struct Name {
  std::string text;
  Span span;
};

/// A quoted string, without its quotes and escapes.
struct Text {
  std::string text;
  Span span;
};

struct Duration {
  DurationMs ms = 0;
  Span span;
};

struct Number {
  double value = 0;
  Span span;
};

struct Literal {
  enum class Kind { kString, kNumber, kPercent, kSize, kDuration, kVariable, kWord, kCall };
  Kind kind = Kind::kString;
  std::string text;      ///< kString: the contents; a quantity: as written; otherwise the name.
  double number = 0;     ///< Of a quantity: 0.85 for 85%, seconds, bytes.
  std::string argument;  ///< kCall: of env("X").
  Span span;
};

/// PromQL, or a brace selector of it.
struct Expression {
  std::string text;
  Span span;
};

struct Growth {
  Number factor;
  Duration max;
};

struct Target {
  Name receiver;
  std::vector<Text> arguments;
};

struct Step {
  Duration after;
  std::vector<Target> targets;
  std::optional<Name> from;
  Span span;
};

struct Steps {
  std::vector<Step> steps;
  std::optional<Number> loop;
};

/// `for 2m` or `for 4 of 5`.
struct Hold {
  DurationMs for_ms = 0;
  std::int64_t n = 0;
  std::int64_t of_m = 0;
  Span span;
};

/// `> 85%`, or an expression.
struct Condition {
  std::string comparison;  ///< Empty: an expression.
  Literal threshold;
  Expression expression;
  Span span;
};

// Clauses: what a body holds.

struct Value {
  Expression expression;
};
struct Unit {
  Name name;
};
struct Every {
  Duration interval;
};
struct Raise {
  Name level;
  Condition when;
  std::optional<Hold> hold;
  std::optional<Condition> clear;
  std::optional<Hold> clear_hold;
};
struct NoData {
  enum class Action { kKeep, kClear, kRaise };
  Action action = Action::kKeep;
  Name level;  ///< Of kRaise.
  std::optional<Duration> after;
};
struct Flap {
  Number changes;
  Duration window;
};
struct Cooldown {
  Duration first;
  std::optional<Growth> growth;
};
struct Repeat {
  std::optional<Duration> first;  ///< Not set: never.
  std::optional<Growth> growth;
};
struct Batch {
  std::vector<Name> by;
  std::optional<Duration> wait;
};
struct Notify {
  std::vector<Target> targets;
  std::optional<Name> from;
  std::optional<Name> during;
};
struct Escalate {
  std::variant<Name, Steps> to;  ///< A policy, or steps written here.
};
struct Ack {
  Duration expires;
};
struct Depends {
  Name on;
  std::vector<Name> by;
};
struct Mute {
  Name during;
};
struct Attach {
  enum class Kind { kGraph, kTop, kLink };
  Kind kind = Kind::kGraph;
  Duration graph;
  Number top;
  Expression expression;
  Text link;
};
struct Label {
  Name name;
  Literal value;
};
/// summary, detail, advice, runbook.
struct Prose {
  Text text;
};

/// Bodies of an slo hold these besides clauses.
struct Objective {
  Number share;
  Duration over;
};
struct Indicator {
  Expression expression;  ///< Of good, bad, total, guard.
};
struct Burn {
  struct Rate {
    Number share;
    Duration in;
  };
  Name level;
  std::vector<Rate> rates;
};

struct Clause {
  std::string keyword;
  Span keyword_span;
  Span span;  ///< From the keyword to the last token.
  std::variant<Value, Unit, Every, Raise, NoData, Flap, Cooldown, Repeat, Batch, Notify, Escalate, Ack, Depends, Mute,
               Attach, Label, Prose, Objective, Indicator, Burn>
      node;
};
struct Body {
  std::vector<Clause> clauses;
  bool damaged = false;  ///< A clause could not be read (and was reported): what is missing may have stood there.
};

// Items: what a file holds.

struct Include {
  Text path;
};
struct Let {
  Name name;
  Expression expression;
};
struct Levels {
  std::vector<Name> names;  ///< Mildest first.
};
struct Defaults {
  Body body;
};
struct Receiver {
  struct Field {
    Name name;
    Literal value;
  };
  struct Limit {
    Number count;
    Duration per;
    Span span;
  };
  Name name;
  Name kind;
  std::vector<Field> fields;
  std::vector<Limit> limits;
};
struct Policy {
  Name name;
  Steps steps;
};
struct Calendar {
  struct Period {
    Name first_day;
    std::optional<Name> last_day;
    std::string from;  ///< "20:00"
    std::string to;
    Span span;
  };
  Name name;
  std::vector<Period> periods;
  std::optional<Text> zone;
};
struct Template {
  struct Parameter {
    Name name;
    std::optional<Literal> value;
  };
  Name name;
  std::vector<Parameter> parameters;
  Body body;
};
struct Alert {
  struct Argument {
    Name name;
    Literal value;
  };
  Name name;
  std::optional<Name> from;
  std::vector<Argument> arguments;
  Body body;
};
struct Record {
  Name metric;
  std::vector<Label> labels;
  Expression expression;
};
struct Slo {
  Name name;
  Body body;
};
struct Heartbeat {
  Name name;
  std::vector<Target> to;
  std::optional<Duration> every;
};
struct Inhibit {
  Expression target;
  Expression source;
  std::vector<Name> by;
};
struct Test {
  struct StepWidth {
    Duration width;
  };
  struct Series {
    Name metric;
    Expression selector;
    Text values;
  };
  struct AckAt {
    Duration at;
    std::optional<Text> by;
  };
  struct ExpectAt {
    Duration at;
    Name state;
    std::vector<Target> to;
  };
  struct Backtest {
    Duration range;
    Name measure;
    std::string comparison;
    Number limit;
  };
  struct Check {
    Span span;
    std::variant<StepWidth, Series, AckAt, ExpectAt, Backtest> node;
  };
  Name name;
  std::vector<Check> checks;
};
struct Item;
struct Group {
  Name name;
  std::optional<Duration> every;
  std::vector<Item> items;
};

struct Item {
  std::string keyword;
  Span keyword_span;
  std::variant<Include, Let, Levels, Defaults, Receiver, Policy, Calendar, Template, Group, Alert, Record, Slo,
               Heartbeat, Inhibit, Test>
      node;
};

struct File {
  std::vector<Item> items;
};

}  // namespace tickbird::language::ast
