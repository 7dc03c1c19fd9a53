#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "rules/promql/ast.h"

namespace tickbird::promql {

/// What a query's author should know about its result. Each text once; at most kLimit of a kind.
class Annotations {
 public:
  static constexpr std::size_t kLimit = 100;

  void Warn(const Expr& at, std::string_view message);
  /// About the data, whatever place of the query asked for it.
  void Warn(std::string_view message);
  void Inform(const Expr& at, std::string_view message);

  std::vector<std::string> TakeWarnings() { return std::move(warnings_); }
  std::vector<std::string> TakeInfos() { return std::move(infos_); }

 private:
  std::vector<std::string> warnings_;
  std::vector<std::string> infos_;
};

/// " for metric name "x"", or nothing when the series has none.
std::string ForMetricName(std::string_view metric_name);

}  // namespace tickbird::promql
