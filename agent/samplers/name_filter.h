#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "core/base/result.h"

namespace re2 {
class RE2;
}

namespace tickbird::samplers {

/// Which names a regular expression picks. RE2 that may match anywhere in the name, as node_exporter's flags do: anchor
/// with ^ and $. The empty expression picks nothing. Cheap to move; immutable.
class NameFilter {
 public:
  NameFilter();
  NameFilter(NameFilter&&) noexcept;
  NameFilter& operator=(NameFilter&&) noexcept;
  ~NameFilter();

  /// kInvalidArgument with RE2's reason; `what` names the setting in it.
  static Result<NameFilter> Create(std::string_view what, const std::string& pattern);

  bool Picks(std::string_view name) const;

 private:
  std::unique_ptr<const re2::RE2> regex_;
};

}  // namespace tickbird::samplers
