#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/clock.h"
#include "core/base/http_client.h"
#include "core/base/result.h"
#include "notifiers/channels/spec_reader.h"
#include "notifiers/pipeline/outcome.h"

namespace tickbird::notify {

/// Names under `http_config.` that ReadHttpSettings reads, and those of Prometheus that it does not act on.
std::span<const std::string_view> HttpConfigFields();
std::span<const std::string_view> UnsupportedHttpConfigFields();

/// Prometheus' http_config: who we are to the other side.
struct HttpSettings {
  std::string basic_user;
  Secret basic_password;
  std::string authorization_type = "Bearer";
  Secret credentials;
  std::vector<std::pair<std::string, std::string>> headers;
  TlsOptions tls;
  DurationMs timeout = 10 * kSecondMs;

  /// Adds credentials and headers to a request; reads secret files. The secrets used are appended to `secrets`.
  Status Apply(OutgoingRequest& request, Fs& fs, std::vector<std::string>& secrets) const;
};

HttpSettings ReadHttpSettings(SpecReader& reader);

/// What an answer to a POST means: 2xx delivered; 5xx, 408, 425, 429 and no answer are worth a retry, with the server's
/// own Retry-After; 3xx and other 4xx are final. The text quotes the start of the answer, without any of `secrets`.
SendOutcome InterpretAnswer(const Result<OutgoingResponse>& answer, TimestampMs now,
                            std::span<const std::string> secrets);

/// Retry-After: seconds, or a date (IMF-fixdate) against `now`. Empty when it is neither. Never negative.
std::optional<DurationMs> ParseRetryAfter(std::string_view value, TimestampMs now);

/// What of a receiver's URL may be a secret: the whole, what follows the host, and each longer piece of that.
void AppendUrlSecrets(const std::string& url, std::vector<std::string>& secrets);

/// `text` with every occurrence of a secret replaced by "<secret>".
std::string Redact(std::string text, std::span<const std::string> secrets);

}  // namespace tickbird::notify
