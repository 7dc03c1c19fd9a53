#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "rules/promql/engine.h"
#include "rules/promql/parser.h"
#include "tests/conformance/promql/script.h"
#include "tests/testing/memory_queryable.h"

namespace tickbird::promqltest {

struct Tally {
  int passed = 0;
  int failed = 0;
  int skipped = 0;
  std::map<std::string, int> skipped_by_reason;
  std::vector<std::string> failures;  ///< file:line, expression, expected and got.
};

/// Runs one script. An eval that needs what this version refuses (CheckSupported), native histograms, or start
/// timestamps is skipped and counted by its reason; everything else must give the expected result, as an instant query
/// also when it is asked as the middle of a range query.
class Runner {
 public:
  Runner(bool delayed_name_removal, Tally& tally);

  /// kParse when the script, or an expression in it, is not understood.
  Status RunScript(std::string_view file, std::string_view text);

 private:
  void Load(const LoadCommand& load);
  Status Eval(const EvalCommand& eval);
  std::string WhySkipped(const EvalCommand& eval, const promql::Expr& expr) const;
  std::string CheckInstant(const EvalCommand& eval, const promql::Expr& expr) const;
  std::string CheckRange(const EvalCommand& eval, const promql::Expr& expr) const;
  std::string CheckInMiddleOfRange(const EvalCommand& eval, const promql::Expr& expr) const;

  promql::QueryOptions options_;
  Tally& tally_;
  std::string file_;
  testing::MemoryQueryable data_;
  std::vector<Labels> histograms_;        // series that hold native histograms
  std::vector<Labels> start_timestamps_;  // series that hold start timestamps
};

}  // namespace tickbird::promqltest
