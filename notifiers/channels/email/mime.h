#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/clock.h"

/// The few rules of internet mail that a message must keep.
namespace tickbird::notify {

/// RFC 2045 quoted-printable of text: lines of at most 76 octets that end in CRLF; any kind of line end goes in.
std::string QuotedPrintable(std::string_view text);

/// "Name: value" with CRLF, folded at blanks near 76 octets. Text that is not plain ASCII becomes RFC 2047 encoded
/// words that never cut a code point. CR, LF and other control characters become blanks, so a value cannot start
/// another header.
std::string Header(std::string_view name, std::string_view value);

/// RFC 5322: "Sat, 21 Nov 2026 12:00:00 +0000".
std::string MailDate(TimestampMs at);

/// The bare address of "ann@example.org" or "Ann <ann@example.org>". Empty when it is none that can go into an SMTP
/// command (ASCII, one '@', something on both sides, no blanks or brackets).
std::optional<std::string> BareAddress(std::string_view text);

/// Splits "a@x, Ann <b@y>" at commas outside quotes and brackets; parts are trimmed, empty ones left out.
std::vector<std::string> SplitAddresses(std::string_view text);

/// As a part of an address, a Message-ID or a header: letters, digits, '-', '_' and '.', everything else becomes '-'.
std::string SafeToken(std::string_view text);

/// For text between tags and in quoted attributes.
std::string EscapeHtml(std::string_view text);

}  // namespace tickbird::notify
