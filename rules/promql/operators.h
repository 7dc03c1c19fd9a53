#pragma once

#include <cmath>

#include "rules/promql/ast.h"

namespace tickbird::promql {

/// Calls `use` with the function of two doubles that `op` stands for (comparisons give a bool), so that the choice is
/// made once and not in the inner loop. REQUIRES: an arithmetic operator or a comparison.
template <class Use>
void WithOperator(BinaryOp op, Use use) {
  switch (op) {
    case BinaryOp::kAdd:
      return use([](double a, double b) { return a + b; });
    case BinaryOp::kSub:
      return use([](double a, double b) { return a - b; });
    case BinaryOp::kMul:
      return use([](double a, double b) { return a * b; });
    case BinaryOp::kDiv:
      return use([](double a, double b) { return a / b; });
    case BinaryOp::kMod:
      return use([](double a, double b) { return std::fmod(a, b); });
    case BinaryOp::kPow:
      return use([](double a, double b) { return std::pow(a, b); });
    case BinaryOp::kAtan2:
      return use([](double a, double b) { return std::atan2(a, b); });
    case BinaryOp::kEqual:
      return use([](double a, double b) { return a == b; });
    case BinaryOp::kNotEqual:
      return use([](double a, double b) { return a != b; });
    case BinaryOp::kLess:
      return use([](double a, double b) { return a < b; });
    case BinaryOp::kLessEqual:
      return use([](double a, double b) { return a <= b; });
    case BinaryOp::kGreater:
      return use([](double a, double b) { return a > b; });
    case BinaryOp::kGreaterEqual:
      return use([](double a, double b) { return a >= b; });
    default:
      return;
  }
}

}  // namespace tickbird::promql
