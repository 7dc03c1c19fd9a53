#pragma once

#include <string>
#include <utility>
#include <vector>

#include "core/base/clock.h"
#include "notifiers/pipeline/lane.h"

namespace tickbird::notify {

/// What does not change from mail to mail.
struct MailLook {
  std::string from;  ///< As written: "Tickbird <tickbird@host>".
  std::string to;    ///< All of them, with commas.
  std::string hostname;
  std::string external_url;
  std::vector<std::pair<std::string, std::string>> headers;  ///< Added; "Subject" and "Reply-To" replace ours.
};

/// The whole mail, RFC 5322 with CRLF: multipart/alternative, text first. It depends on the parcel alone, so a retry
/// sends the same bytes: Message-ID comes from the idempotency key, and the mails of one incident hang under one
/// made-up root (In-Reply-To), so that mail programs show them as one thread.
std::string BuildMail(const Parcel& parcel, const MailLook& look);

/// Headers that BuildMail writes itself and that may not be given: "Date", "Message-ID", "Content-Type", ...
bool IsReservedMailHeader(std::string_view name);

}  // namespace tickbird::notify
