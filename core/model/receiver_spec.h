#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/base/clock.h"
#include "core/base/error.h"

namespace tickbird {

/// One setting of a receiver under Alertmanager's name for it ("smarthost", "url", "require_tls"); map entries are
/// written with a dot ("headers.Subject"). Secrets are resolved already: `value` may be one, so a field is never
/// printed.
struct ReceiverField {
  std::string name;
  std::string value;
  Position position;  ///< Of the value in the file it came from.
};

/// One integration of a receiver as a configuration or a rule file says it, before it is checked. Both loaders end
/// here; the channels read it from here. A receiver with several integrations is several specs of one name.
struct ReceiverSpec {
  struct Limit {
    int count = 0;
    DurationMs per = 0;
  };

  std::string name;
  std::string kind;  ///< "email", "webhook", "slack", "log".
  std::vector<ReceiverField> fields;
  std::optional<Limit> limit;  ///< Messages; past it they collapse into one digest.
  std::string file;            ///< Where it stands, for errors.
  Position position;
};

}  // namespace tickbird
