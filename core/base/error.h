#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace tickbird {

/// Where in a text something is: 1-based line and column. The column counts bytes of UTF-8; 0 means "the line as a
/// whole".
struct Position {
  int line = 0;
  int column = 0;
  friend bool operator==(const Position&, const Position&) = default;
};

/// The closed set of reasons that callers branch on; the message is for people.
enum class ErrorCode {
  kInvalidArgument,   ///< The caller's input is wrong in meaning (unknown key, out of range).
  kParse,             ///< The caller's text is wrong in form; `position` is set where it is known.
  kNotFound,          ///< What was named does not exist.
  kAlreadyExists,     ///< What should be new is there.
  kOutOfOrder,        ///< A sample older than the newest one of its series.
  kDuplicate,         ///< A second sample for one series and timestamp with another value.
  kOutOfBounds,       ///< Outside the time or index range that can be served.
  kTooLarge,          ///< A limit was reached; the message names the limit.
  kTimeout,           ///< The deadline passed.
  kCancelled,         ///< The caller or a shutdown stopped it.
  kUnavailable,       ///< A dependency did not answer or refused; trying again may help.
  kPermissionDenied,  ///< The operating system or a peer said no.
  kCorruption,        ///< Stored bytes are not what was written.
  kUnsupported,       ///< Understood, but not evaluated by this version.
  kInternal,          ///< A fault of ours.
};

/// The name of a code in the form used in logs and metric labels: "invalid_argument", "parse", ...
std::string_view ErrorCodeName(ErrorCode code);

/// A failure as a value. Never carries a secret: whoever builds one from a configuration redacts first.
struct Error {
  ErrorCode code = ErrorCode::kInternal;
  std::string message;
  std::optional<Position> position = std::nullopt;

  /// "message" or "LINE:COLUMN: message".
  std::string ToString() const;
};

/// Prefixes the text ("load rules/x.rules: ...") and keeps code and position.
Error WithContext(std::string_view context, Error error);

/// An Error from errno (ENOSPC and EDQUOT -> kTooLarge, ENOENT -> kNotFound, EACCES/EPERM -> kPermissionDenied, ...).
Error ErrnoError(int error_number, std::string_view context);

}  // namespace tickbird
