#include "core/base/error.h"

#include <cerrno>
#include <cstring>

#include <fmt/core.h>

namespace tickbird {

std::string_view ErrorCodeName(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalidArgument:
      return "invalid_argument";
    case ErrorCode::kParse:
      return "parse";
    case ErrorCode::kNotFound:
      return "not_found";
    case ErrorCode::kAlreadyExists:
      return "already_exists";
    case ErrorCode::kOutOfOrder:
      return "out_of_order";
    case ErrorCode::kDuplicate:
      return "duplicate";
    case ErrorCode::kOutOfBounds:
      return "out_of_bounds";
    case ErrorCode::kTooLarge:
      return "too_large";
    case ErrorCode::kTimeout:
      return "timeout";
    case ErrorCode::kCancelled:
      return "cancelled";
    case ErrorCode::kUnavailable:
      return "unavailable";
    case ErrorCode::kPermissionDenied:
      return "permission_denied";
    case ErrorCode::kCorruption:
      return "corruption";
    case ErrorCode::kUnsupported:
      return "unsupported";
    case ErrorCode::kInternal:
      return "internal";
  }
  return "internal";
}

std::string Error::ToString() const {
  if (!position) return message;
  return fmt::format("{}:{}: {}", position->line, position->column, message);
}

Error WithContext(std::string_view context, Error error) {
  error.message = fmt::format("{}: {}", context, error.message);
  return error;
}

Error ErrnoError(int error_number, std::string_view context) {
  ErrorCode code = ErrorCode::kUnavailable;
  switch (error_number) {
    case ENOENT:
      code = ErrorCode::kNotFound;
      break;
    case EEXIST:
      code = ErrorCode::kAlreadyExists;
      break;
    case EACCES:
    case EPERM:
    case EROFS:
      code = ErrorCode::kPermissionDenied;
      break;
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
      code = ErrorCode::kTooLarge;
      break;
    case EINVAL:
      code = ErrorCode::kInvalidArgument;
      break;
    default:
      break;
  }
  char buffer[128];
  return {code, fmt::format("{}: {}", context, strerror_r(error_number, buffer, sizeof buffer))};
}

}  // namespace tickbird
