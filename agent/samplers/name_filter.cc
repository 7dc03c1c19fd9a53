#include "agent/samplers/name_filter.h"

#include <re2/re2.h>

#include <utility>

#include "core/base/strings.h"

namespace tickbird::samplers {
namespace {

// Names are a handful of bytes, looked at once per device: a small automaton will do.
constexpr std::int64_t kMaxRegexBytes = 256 << 10;

}  // namespace

NameFilter::NameFilter() = default;
NameFilter::NameFilter(NameFilter&&) noexcept = default;
NameFilter& NameFilter::operator=(NameFilter&&) noexcept = default;
NameFilter::~NameFilter() = default;

Result<NameFilter> NameFilter::Create(std::string_view what, const std::string& pattern) {
  NameFilter filter;
  if (pattern.empty()) return filter;
  RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(kMaxRegexBytes);
  auto regex = std::make_unique<const RE2>(pattern, options);
  if (!regex->ok()) {
    return Error{
        .code = ErrorCode::kInvalidArgument,
        .message = std::string(what) + ": " + Quoted(pattern) + " is not a regular expression: " + regex->error()};
  }
  filter.regex_ = std::move(regex);
  return filter;
}

bool NameFilter::Picks(std::string_view name) const {
  return regex_ && RE2::PartialMatch(re2::StringPiece(name.data(), name.size()), *regex_);
}

}  // namespace tickbird::samplers
