#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "agent/net/io_loop.h"
#include "core/base/clock.h"
#include "core/base/result.h"

namespace tickbird::net {

struct TcpProbeResult {
  std::string address;  ///< The address that answered.
  std::int64_t resolve_us = 0;
  std::int64_t connect_us = 0;  ///< Over all addresses that were tried.
};

/// Connects to `host` (a name or an IP literal) and hangs up, trying its addresses in turn. The callback comes once, on
/// the I/O thread: kTimeout after `timeout` for all of it, kUnavailable when no address accepts or the name is unknown.
/// Name lookups run on a thread of Asio's, one after the other. Call on the I/O thread.
void TcpProbe(IoLoop& loop, const std::string& host, std::uint16_t port, DurationMs timeout,
              std::function<void(Result<TcpProbeResult>)> callback);

}  // namespace tickbird::net
