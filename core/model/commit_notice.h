#pragma once

#include <functional>
#include <span>
#include <string_view>

#include "core/base/clock.h"

namespace tickbird {

/// "These series changed": handed on after a batch became visible, on the thread that committed it.
struct CommitNotice {
  TimestampMs newest = 0;                          ///< Newest timestamp of the batch.
  std::span<const std::string_view> metric_names;  ///< Names of the series that got samples; neighbours are different,
                                                   ///< but a name may come twice. Valid during the call.
};

using CommitListener = std::function<void(const CommitNotice&)>;

}  // namespace tickbird
