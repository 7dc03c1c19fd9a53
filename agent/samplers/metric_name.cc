#include "agent/samplers/metric_name.h"

namespace tickbird::samplers {

std::string MetricNamePart(std::string_view name) {
  std::string part(name);
  for (char& c : part) {
    const bool is_fit = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
    if (!is_fit) c = '_';
  }
  return part;
}

}  // namespace tickbird::samplers
