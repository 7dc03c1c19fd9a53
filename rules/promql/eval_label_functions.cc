#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <memory>
#include <numeric>
#include <utility>

#include <fmt/core.h>
#include <re2/re2.h>

#include "core/base/strings.h"
#include "rules/promql/evaluator.h"

namespace tickbird::promql {
namespace {

bool IsWordCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/// Expands $1, ${1}, $name and ${name} as Go's regexp.Expand: an unknown group is empty, "$$" is "$".
std::string Expand(std::string_view replacement, const RE2& regex, const std::vector<re2::StringPiece>& groups) {
  std::string out;
  while (!replacement.empty()) {
    const auto dollar = replacement.find('$');
    out += replacement.substr(0, dollar);
    if (dollar == std::string_view::npos) break;
    replacement.remove_prefix(dollar + 1);
    if (replacement.starts_with('$')) {
      out += '$';
      replacement.remove_prefix(1);
      continue;
    }
    const bool braces = replacement.starts_with('{');
    std::size_t end = braces ? 1 : 0;
    while (end < replacement.size() && IsWordCharacter(replacement[end])) ++end;
    const std::string name(replacement.substr(braces ? 1 : 0, end - (braces ? 1 : 0)));
    if (name.empty() || (braces && (end == replacement.size() || replacement[end] != '}'))) {
      out += '$';  // not a reference after all
      continue;
    }
    replacement.remove_prefix(end + (braces ? 1 : 0));
    std::size_t number = groups.size();
    if (name.find_first_not_of("0123456789") == std::string::npos) {
      number = name.size() < 6 ? static_cast<std::size_t>(std::stoi(name)) : groups.size();
    } else if (const auto found = regex.NamedCapturingGroups().find(name);
               found != regex.NamedCapturingGroups().end()) {
      number = static_cast<std::size_t>(found->second);
    }
    if (number < groups.size()) out.append(groups[number].data() ? groups[number].data() : "", groups[number].size());
  }
  return out;
}

bool IsLabelName(const std::string& name) {
  return !name.empty() && IsValidUtf8(name);
}

bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}

/// Numbers within the text by their value: "4m5" before "4m600".
int CompareNaturally(std::string_view a, std::string_view b) {
  while (!a.empty() && !b.empty()) {
    if (!IsDigit(a.front()) || !IsDigit(b.front())) {
      if (a.front() != b.front()) return a.front() < b.front() ? -1 : 1;
      a.remove_prefix(1);
      b.remove_prefix(1);
      continue;
    }
    const auto take_number = [](std::string_view& text) {
      text.remove_prefix(std::min(text.find_first_not_of('0'), text.size()));
      const std::string_view digits = text.substr(0, text.find_first_not_of("0123456789"));
      text.remove_prefix(digits.size());
      return digits;
    };
    const std::string_view x = take_number(a);
    const std::string_view y = take_number(b);
    if (x.size() != y.size()) return x.size() < y.size() ? -1 : 1;
    if (const int order = x.compare(y); order != 0) return order;
  }
  return static_cast<int>(!a.empty()) - static_cast<int>(!b.empty());
}

}  // namespace

Result<SeriesBlock> Evaluator::EvalLabelReplace(const CallExpr& call, const StepGrid& grid) {
  TICKBIRD_ASSIGN_OR_RETURN(const std::string target, EvalString(*call.args[1]));
  TICKBIRD_ASSIGN_OR_RETURN(const std::string replacement, EvalString(*call.args[2]));
  TICKBIRD_ASSIGN_OR_RETURN(const std::string source, EvalString(*call.args[3]));
  TICKBIRD_ASSIGN_OR_RETURN(const std::string pattern, EvalString(*call.args[4]));
  RE2::Options options;
  options.set_log_errors(false);
  const RE2 regex("^(?s:" + pattern + ")$", options);
  if (!regex.ok()) return ExecutionError(fmt::format("invalid regular expression in label_replace(): {}", pattern));
  if (!IsLabelName(target))
    return ExecutionError(fmt::format("invalid destination label name in label_replace(): {}", target));

  TICKBIRD_ASSIGN_OR_RETURN(SeriesBlock block, EvalVector(*call.args[0], grid));
  std::vector<re2::StringPiece> groups(static_cast<std::size_t>(regex.NumberOfCapturingGroups()) + 1);
  for (std::size_t row = 0; row < block.size(); ++row) {
    Labels& labels = block.row(row).labels;
    const std::string_view value = labels.Get(source);
    if (!regex.Match(re2::StringPiece(value.data(), value.size()), 0, value.size(), RE2::UNANCHORED, groups.data(),
                     static_cast<int>(groups.size()))) {
      continue;
    }
    labels = LabelsBuilder(labels).Set(target, Expand(replacement, regex, groups)).Build();
    if (target == kMetricNameLabel) block.row(row).drops_name = false;
  }
  TICKBIRD_RETURN_IF_ERROR(MergeSameLabels(block));
  return block;
}

Result<SeriesBlock> Evaluator::EvalLabelJoin(const CallExpr& call, const StepGrid& grid) {
  TICKBIRD_ASSIGN_OR_RETURN(const std::string target, EvalString(*call.args[1]));
  TICKBIRD_ASSIGN_OR_RETURN(const std::string separator, EvalString(*call.args[2]));
  if (!IsLabelName(target))
    return ExecutionError(fmt::format("invalid destination label name in label_join(): {}", target));
  std::vector<std::string> sources;
  for (std::size_t i = 3; i < call.args.size(); ++i) {
    TICKBIRD_ASSIGN_OR_RETURN(std::string source, EvalString(*call.args[i]));
    if (!IsLabelName(source))
      return ExecutionError(fmt::format("invalid source label name in label_join(): {}", source));
    sources.push_back(std::move(source));
  }
  TICKBIRD_ASSIGN_OR_RETURN(SeriesBlock block, EvalVector(*call.args[0], grid));
  for (std::size_t row = 0; row < block.size(); ++row) {
    Labels& labels = block.row(row).labels;
    std::string joined;
    for (std::size_t i = 0; i < sources.size(); ++i) {
      if (i > 0) joined += separator;
      joined += labels.Get(sources[i]);
    }
    labels = LabelsBuilder(labels).Set(target, joined).Build();
    if (target == kMetricNameLabel) block.row(row).drops_name = false;
  }
  TICKBIRD_RETURN_IF_ERROR(MergeSameLabels(block));
  return block;
}

Result<SeriesBlock> Evaluator::EvalSort(const CallExpr& call, const StepGrid& grid) {
  TICKBIRD_ASSIGN_OR_RETURN(SeriesBlock block, EvalVector(*call.args[0], grid));
  std::vector<std::string> by_labels;
  for (std::size_t i = 1; i < call.args.size(); ++i) {
    TICKBIRD_ASSIGN_OR_RETURN(std::string name, EvalString(*call.args[i]));
    by_labels.push_back(std::move(name));
  }
  // A range query sorts its result by labels, whatever happens here.
  if (grid.count > 1) return block;
  const Function which = call.function->function;
  const bool descending = which == Function::kSortDesc || which == Function::kSortByLabelDesc;
  const bool by_value = which == Function::kSort || which == Function::kSortDesc;
  std::vector<std::uint32_t> order(block.size());
  std::iota(order.begin(), order.end(), 0U);
  std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
    if (by_value) {
      const double x = block.values(a)[0];
      const double y = block.values(b)[0];
      if (std::isnan(x) != std::isnan(y)) return std::isnan(y);
      if (std::isnan(x) || x == y) return a < b;
      return descending ? x > y : x < y;
    }
    const Labels& x = block.row(descending ? b : a).labels;
    const Labels& y = block.row(descending ? a : b).labels;
    for (const std::string& name : by_labels) {
      if (const int compared = CompareNaturally(x.Get(name), y.Get(name)); compared != 0) return compared < 0;
    }
    return x < y;
  });
  return block.Reordered(order);
}

}  // namespace tickbird::promql
