#pragma once

#include <string>
#include <string_view>

namespace tickbird::samplers {

/// A name of the kernel as part of a metric name: what may not stand in one becomes an underscore.
std::string MetricNamePart(std::string_view name);

}  // namespace tickbird::samplers
