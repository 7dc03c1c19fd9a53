#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include <boost/asio/any_io_executor.hpp>

#include "agent/ingest/statsd/aggregator.h"
#include "agent/ingest/statsd/statsd_stats.h"
#include "core/base/result.h"

namespace tickbird::statsd {

struct UdpOptions {
  std::string address = "127.0.0.1";   ///< IPv4 or IPv6, as numbers.
  std::uint16_t port = 8125;           ///< 0: any free one.
  int receive_buffer_bytes = 8 << 20;  ///< Asked of the kernel, which may give less (net.core.rmem_max).
};

/// Receives StatsD datagrams of any size on a UDP socket and feeds the aggregator. Works on the executor's thread only:
/// in one go it takes at most a few hundred datagrams, then lets others run.
class UdpListener {
 public:
  /// `aggregator` must outlive Stop().
  UdpListener(boost::asio::any_io_executor executor, Aggregator& aggregator, UdpOptions options);
  ~UdpListener();
  UdpListener(const UdpListener&) = delete;
  UdpListener& operator=(const UdpListener&) = delete;

  /// Opens the socket and starts receiving. kInvalidArgument (address), kUnavailable (port in use), kPermissionDenied.
  Status Start();
  /// Takes what the kernel has received already, then closes. Nothing is fed to the aggregator after it returns.
  void Stop();

  /// The port, once started; tells which one port 0 became.
  std::uint16_t port() const;
  /// May be read from any thread; lives as long as the listener.
  const ListenerStats& stats() const;

 private:
  class Receiver;
  std::shared_ptr<Receiver> receiver_;
};

}  // namespace tickbird::statsd
