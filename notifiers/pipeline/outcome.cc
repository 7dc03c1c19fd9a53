#include "notifiers/pipeline/outcome.h"

namespace tickbird::notify {

std::string_view FailureReasonName(FailureReason reason) {
  switch (reason) {
    case FailureReason::kClientError:
      return "clientError";
    case FailureReason::kServerError:
      return "serverError";
    case FailureReason::kAuthError:
      return "authError";
    case FailureReason::kRateLimited:
      return "rateLimited";
    case FailureReason::kContextCanceled:
      return "contextCanceled";
    case FailureReason::kContextDeadlineExceeded:
      return "contextDeadlineExceeded";
    case FailureReason::kOther:
      return "other";
  }
  return "other";
}

}  // namespace tickbird::notify
