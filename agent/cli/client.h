#pragma once

#include <string>
#include <utility>
#include <vector>

#include "core/base/http_client.h"
#include "core/base/result.h"

namespace tickbird::cli {

/// One request, waited for: up to a minute, up to 256 MiB of an answer (what is past that is missing). Errors as
/// HttpClient's.
Result<OutgoingResponse> CallServer(const std::string& method, const std::string& url, std::string body = {});

/// One request to a running agent, waited for. kUnavailable with a text that says how to start one when nobody answers.
Result<OutgoingResponse> CallAgent(const std::string& method, const std::string& url, std::string body = {});

/// "a=1&b=x%20y", percent-encoded.
std::string FormEncode(const std::vector<std::pair<std::string, std::string>>& fields);

}  // namespace tickbird::cli
