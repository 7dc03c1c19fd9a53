#include "agent/cli/client.h"

#include <optional>

#include <fmt/core.h>

#include "agent/net/curl_egress.h"
#include "agent/net/io_loop.h"

namespace tickbird::cli {

Result<OutgoingResponse> CallServer(const std::string& method, const std::string& url, std::string body) {
  net::IoLoop loop;
  net::CurlEgress egress(loop);
  OutgoingRequest request{.method = method,
                          .url = url,
                          .body = std::move(body),
                          .timeout = kMinuteMs,
                          .max_response_bytes = std::size_t{256} << 20};
  if (method == "POST") request.headers = {{"Content-Type", "application/x-www-form-urlencoded"}};
  std::optional<Result<OutgoingResponse>> answer;
  egress.Send(std::move(request), [&](Result<OutgoingResponse> result) {
    answer = std::move(result);
    loop.Stop();
  });
  loop.Run();
  egress.Shutdown();
  if (!answer) return Error{ErrorCode::kInternal, "no answer"};
  return *std::move(answer);
}

Result<OutgoingResponse> CallAgent(const std::string& method, const std::string& url, std::string body) {
  auto answer = CallServer(method, url, std::move(body));
  if (!answer && answer.error().code == ErrorCode::kUnavailable) {
    return Error{ErrorCode::kUnavailable,
                 fmt::format("no agent answers at {} ({}); start one with `tickbird run` or name it with --url",
                             url.substr(0, url.find('/', 8)), answer.error().message)};
  }
  return answer;
}

std::string FormEncode(const std::vector<std::pair<std::string, std::string>>& fields) {
  const auto append = [](std::string& out, std::string_view text) {
    for (const char c : text) {
      const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                         c == '_' || c == '.' || c == '~';
      if (plain) {
        out += c;
      } else {
        out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
      }
    }
  };
  std::string out;
  for (const auto& [name, value] : fields) {
    if (!out.empty()) out += '&';
    append(out, name);
    out += '=';
    append(out, value);
  }
  return out;
}

}  // namespace tickbird::cli
