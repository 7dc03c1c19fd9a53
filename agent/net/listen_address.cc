#include "agent/net/listen_address.h"

#include <arpa/inet.h>

#include <charconv>

#include "core/base/strings.h"

namespace tickbird::net {
namespace {

bool IsIpLiteral(const std::string& host) {
  in6_addr parsed{};
  return inet_pton(AF_INET, host.c_str(), &parsed) == 1 || inet_pton(AF_INET6, host.c_str(), &parsed) == 1;
}

Error Bad(std::string_view text, std::string_view why) {
  return {ErrorCode::kParse, "listen address " + Quoted(text) + ": " + std::string(why)};
}

}  // namespace

std::string ListenAddress::ToString() const {
  const bool is_ipv6 = host.find(':') != std::string::npos;
  return (is_ipv6 ? '[' + host + ']' : host) + ':' + std::to_string(port);
}

Result<ListenAddress> ParseListenAddress(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return Bad(text, "write it as HOST:PORT, for example 127.0.0.1:9797");
  std::string_view host = text.substr(0, colon);
  const std::string_view port = text.substr(colon + 1);
  ListenAddress address;
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), address.port);
  if (error != std::errc() || end != port.data() + port.size())
    return Bad(text, "the port is not a number from 0 to 65535");
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  if (host == "localhost") host = "127.0.0.1";
  if (host == "*") host = "";
  address.host = host;
  if (!host.empty() && !IsIpLiteral(address.host))
    return Bad(text, "the host must be an IP address, localhost or empty");
  return address;
}

}  // namespace tickbird::net
