#include "rules/eval/views.h"

namespace tickbird::rules {

std::string_view AlertStatusName(AlertStatus status) {
  switch (status) {
    case AlertStatus::kInactive:
      return "inactive";
    case AlertStatus::kPending:
      return "pending";
    case AlertStatus::kFiring:
      return "firing";
  }
  return "";
}

std::string_view RuleHealthName(RuleHealth health) {
  switch (health) {
    case RuleHealth::kUnknown:
      return "unknown";
    case RuleHealth::kOk:
      return "ok";
    case RuleHealth::kError:
      return "err";
  }
  return "";
}

}  // namespace tickbird::rules
