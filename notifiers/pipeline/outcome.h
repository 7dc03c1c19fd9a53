#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/clock.h"

namespace tickbird::notify {

/// Why an attempt failed: Alertmanager's values of the metric label `reason`.
enum class FailureReason {
  kClientError,              ///< 4xx, or the message was refused.
  kServerError,              ///< 5xx.
  kAuthError,                ///< 401, 403, or a mail server that refuses the login.
  kRateLimited,              ///< 429.
  kContextCanceled,          ///< Shut down while it was under way.
  kContextDeadlineExceeded,  ///< No answer in time, or the time to try ran out.
  kOther,                    ///< No connection, TLS, local files.
};
inline constexpr std::size_t kFailureReasons = 7;

/// "clientError", "serverError", ...
std::string_view FailureReasonName(FailureReason reason);

/// What came of one attempt at one message.
struct SendOutcome {
  enum class Result {
    kDelivered,
    kRetry,  ///< Worth another try.
    kFinal,  ///< Will be refused again.
  };
  Result result = Result::kDelivered;
  FailureReason reason = FailureReason::kOther;
  std::string error;  ///< For people; never holds a secret. May be set when delivered: "refused for x@example.org".
  std::optional<DurationMs> retry_after;  ///< The receiver's own wish.

  static SendOutcome Delivered(std::string note = {}) {
    return {Result::kDelivered, FailureReason::kOther, std::move(note), {}};
  }
  static SendOutcome Retry(FailureReason reason, std::string error, std::optional<DurationMs> retry_after = {}) {
    return {Result::kRetry, reason, std::move(error), retry_after};
  }
  static SendOutcome Final(FailureReason reason, std::string error) {
    return {Result::kFinal, reason, std::move(error), {}};
  }
};

}  // namespace tickbird::notify
