#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/base/clock.h"
#include "core/base/error.h"
#include "core/model/matcher.h"
#include "rules/promql/fwd.h"
#include "rules/promql/parser.h"

/// The tree of a PromQL expression: the whole language of Prometheus 3.14, whether this version evaluates it or not.
/// Trees are immutable after parsing, so they are shared freely between threads and between larger trees.
namespace tickbird::promql {

struct FunctionInfo;

/// The text that a node came from. A part that was put in for a `$variable` keeps the place of its own text.
struct Span {
  Position position;
  int length = 1;
};

enum class BinaryOp {
  kAdd,
  kSub,
  kMul,
  kDiv,
  kMod,
  kPow,
  kAtan2,
  kEqual,
  kNotEqual,
  kLess,
  kLessEqual,
  kGreater,
  kGreaterEqual,
  kTrimUpper,
  kTrimLower,
  kAnd,
  kOr,
  kUnless,
};
/// "+", "atan2", "</", "unless".
std::string_view BinaryOpText(BinaryOp op);
bool IsComparison(BinaryOp op);
bool IsSetOperator(BinaryOp op);

enum class AggregateOp {
  kSum,
  kAvg,
  kMin,
  kMax,
  kCount,
  kGroup,
  kStddev,
  kStdvar,
  kTopK,
  kBottomK,
  kQuantile,
  kCountValues,
  kLimitK,
  kLimitRatio,
};
std::string_view AggregateOpText(AggregateOp op);
/// topk, bottomk, quantile, limitk and limit_ratio take a scalar before the vector, count_values a string.
bool TakesParameter(AggregateOp op);

/// A duration that is computed: `[5m + step()]`. Numbers are seconds.
struct DurationExpr {
  enum class Op { kLiteral, kStep, kRange, kMinOf, kMaxOf, kNegate, kAdd, kSub, kMul, kDiv, kMod, kPow, kParen };
  Op op = Op::kLiteral;
  double seconds = 0;                       ///< Of kLiteral.
  bool is_duration = false;                 ///< The literal had units.
  std::shared_ptr<const DurationExpr> lhs;  ///< The only operand of kNegate and kParen.
  std::shared_ptr<const DurationExpr> rhs;
};

/// A length of time in a selector. What holds no step() or range() is computed by the parser.
struct DurationValue {
  DurationMs ms = 0;
  std::shared_ptr<const DurationExpr> expr;  ///< Set when it was written as a computation.
  bool needs_query = false;                  ///< `expr` calls step() or range(): `ms` is known in a query only.
};

/// `@ 1700000000`, `@ start()`, `@ end()`.
struct AtModifier {
  enum class Kind { kTimestamp, kStart, kEnd };
  Kind kind = Kind::kTimestamp;
  TimestampMs timestamp = 0;
};

/// Where in time a selector or a subquery looks: at the evaluation time or at `at`, and `offset` before that.
struct TimeShift {
  DurationValue offset;
  std::optional<AtModifier> at;
};

struct NumberLiteral {
  double value = 0;
  bool is_duration = false;  ///< Written as `5m`: prints so again.
};

struct StringLiteral {
  std::string value;
};

struct ParenExpr {
  ExprPtr inner;
};

struct UnaryExpr {
  bool negate = false;
  ExprPtr operand;
};

/// How the elements of two vectors find each other.
struct VectorMatching {
  enum class Cardinality { kOneToOne, kManyToOne, kOneToMany, kManyToMany };
  Cardinality cardinality = Cardinality::kOneToOne;
  bool on = false;  ///< on(labels); else ignoring(labels).
  std::vector<std::string> labels;
  std::vector<std::string> include;  ///< group_left / group_right (these).
  std::optional<double> fill_left;
  std::optional<double> fill_right;
};

struct BinaryExpr {
  BinaryOp op = BinaryOp::kAdd;
  ExprPtr lhs;
  ExprPtr rhs;
  bool return_bool = false;
  VectorMatching matching;
};

struct AggregateExpr {
  AggregateOp op = AggregateOp::kSum;
  ExprPtr parameter;  ///< Null unless TakesParameter(op).
  ExprPtr operand;
  bool without = false;
  std::vector<std::string> grouping;
};

struct CallExpr {
  const FunctionInfo* function = nullptr;  ///< In the static table; never null.
  std::vector<ExprPtr> args;
};

enum class RangeMode { kPlain, kAnchored, kSmoothed };

struct VectorSelector {
  std::string name;  ///< The metric name when written in front or as a bare string; it is among `matchers` too.
  std::vector<Matcher> matchers;
  TimeShift shift;
  RangeMode mode = RangeMode::kPlain;
};

struct MatrixSelector {
  VectorSelector selector;
  DurationValue range;
};

struct SubqueryExpr {
  ExprPtr inner;
  DurationValue range;
  std::optional<DurationValue> step;  ///< Not set: the default step of the engine.
  TimeShift shift;
};

struct Expr {
  using Node = std::variant<NumberLiteral, StringLiteral, ParenExpr, UnaryExpr, BinaryExpr, AggregateExpr, CallExpr,
                            VectorSelector, MatrixSelector, SubqueryExpr>;
  Span span;
  ValueType type = ValueType::kScalar;
  int height = 1;  ///< Longest way down; at most kMaxHeight, so recursion over a tree is safe.
  std::uint32_t nodes =
      1;  ///< Parts counted as often as they occur; at most kMaxNodes, so shared parts cannot explode.
  Node node;
};

/// Bounds of what a query may name, so that sums of times cannot overflow: 292 years as in Prometheus, and the year
/// 200,000.
inline constexpr DurationMs kMaxDuration = 9'223'372'036'854;
inline constexpr TimestampMs kMaxTimestamp = 6'000'000'000'000'000;

inline constexpr int kMaxHeight = 400;
inline constexpr std::uint32_t kMaxNodes = 100'000;

/// The children of a node in the order of the text.
std::vector<ExprPtr> Children(const Expr& expr);

/// `expr` without the parentheses around it.
const Expr& StripParens(const Expr& expr);

}  // namespace tickbird::promql
