#pragma once

#include <string>
#include <string_view>

#include "core/base/result.h"
#include "notifiers/pipeline/incident.h"
#include "notifiers/pipeline/message.h"

/// Incidents and messages as JSON, the form in which state.db keeps them: readable with any SQLite shell, and new
/// fields do not need a migration. Doubles and ids are strings (JSON numbers lose NaN and the upper bits). Decoding
/// ignores unknown fields and gives absent ones their default; kCorruption when the text is no JSON object or a field
/// has the wrong type.
namespace tickbird::notify {

std::string EncodeIncident(const Incident& incident);
Result<Incident> DecodeIncident(std::string_view json);

std::string EncodeMessage(const Message& message);
Result<Message> DecodeMessage(std::string_view json);

}  // namespace tickbird::notify
