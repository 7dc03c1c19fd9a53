#pragma once

#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/model/matcher.h"

namespace tickbird::api {

/// The matchers of one `match[]`: a selector, without offset or @. kInvalidArgument or kParse, naming the parameter.
Result<std::vector<Matcher>> SelectorParameter(std::string_view text);

}  // namespace tickbird::api
