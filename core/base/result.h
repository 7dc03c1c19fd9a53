#pragma once

#include <expected>
#include <utility>

#include "core/base/error.h"

namespace tickbird {

/// std::expected with our Error, and a warning when it is ignored (the standard's own type has none).
/// Pure code returns it for bad input and never throws for that.
template <class T>
class [[nodiscard]] Result : public std::expected<T, Error> {
 public:
  using Base = std::expected<T, Error>;
  using Base::Base;
  Result(Error error) : Base(std::unexpect, std::move(error)) {}  // NOLINT(google-explicit-constructor)
};

/// A Result without a value: `return {};` says that all went well.
using Status = Result<void>;

template <>
class [[nodiscard]] Result<void> : public std::expected<void, Error> {
 public:
  using Base = std::expected<void, Error>;
  using Base::Base;
  Result(Error error) : Base(std::unexpect, std::move(error)) {}  // NOLINT(google-explicit-constructor)
};

}  // namespace tickbird

/// Returns the error of `expression` from this function, if it has one. For statements of type Result<...>.
#define TICKBIRD_RETURN_IF_ERROR(expression)                   \
  do {                                                         \
    if (auto try_status = (expression); !try_status) {         \
      return ::tickbird::Error{std::move(try_status.error())}; \
    }                                                          \
  } while (false)

#define TICKBIRD_CONCAT_INNER(a, b) a##b
#define TICKBIRD_CONCAT(a, b) TICKBIRD_CONCAT_INNER(a, b)

/// `TICKBIRD_ASSIGN_OR_RETURN(auto x, F());` declares x with the value, or returns the error. A line of its own; never
/// around co_await (GCC 12 miscompiles more than one await in a statement).
#define TICKBIRD_ASSIGN_OR_RETURN(declaration, expression) \
  TICKBIRD_ASSIGN_OR_RETURN_INNER(TICKBIRD_CONCAT(try_result_, __LINE__), declaration, expression)
#define TICKBIRD_ASSIGN_OR_RETURN_INNER(temporary, declaration, expression) \
  auto temporary = (expression);                                            \
  if (!temporary) return ::tickbird::Error{std::move(temporary.error())};   \
  declaration = std::move(*temporary)
