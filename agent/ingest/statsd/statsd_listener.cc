#include "agent/ingest/statsd/statsd_listener.h"

#include <cerrno>
#include <utility>

#include <fmt/core.h>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/steady_timer.hpp>

#include "agent/ingest/statsd/datagram_batch.h"

namespace tickbird::statsd {
namespace {

namespace asio = boost::asio;
using asio::ip::udp;

/// What one wake-up may take before other work of the thread gets its turn: 256 datagrams, well under a millisecond.
constexpr int kBatchesPerTurn = 8;
/// When the socket had only a little, waiting this long lets more of it gather: at a steady rate one wake-up then
/// serves many datagrams. The receive buffer holds far more than arrives meanwhile, since a wake-up that finds much
/// does not wait.
constexpr auto kGatherTime = std::chrono::milliseconds(1);
constexpr int kLittle = 64;
/// Memory of large datagrams goes back to the kernel after this many turns that left the socket empty.
constexpr int kTurnsBetweenTrims = 4096;

/// More than a receive buffer holds; a sender that never pauses must not hold up a shutdown.
constexpr int kBatchesAtStop = 1024;

}  // namespace

/// Kept alive by the operations that wait, so that a listener can go while they are being cancelled.
class UdpListener::Receiver : public std::enable_shared_from_this<Receiver> {
 public:
  Receiver(asio::any_io_executor executor, Aggregator& aggregator, UdpOptions options)
      : aggregator_(aggregator), options_(std::move(options)), socket_(executor), gather_timer_(executor) {}

  Status Open();
  void Wait();
  void Drain();
  void Close();

  std::uint16_t port() const { return port_; }
  const ListenerStats& stats() const { return stats_; }

 private:
  void Turn();
  int ReceiveOnce();
  void Gather();
  void CountDrops();

  Aggregator& aggregator_;
  const UdpOptions options_;
  udp::socket socket_;
  asio::steady_timer gather_timer_;
  DatagramBatch batch_;
  ListenerStats stats_;
  std::uint32_t drops_seen_ = 0;
  int turns_ = 0;
  std::uint16_t port_ = 0;
};

Status UdpListener::Receiver::Open() {
  boost::system::error_code error;
  const auto address = asio::ip::make_address(options_.address, error);
  if (error)
    return Error{ErrorCode::kInvalidArgument, fmt::format("statsd: \"{}\" is not an IP address", options_.address)};
  const udp::endpoint endpoint(address, options_.port);
  const auto failed = [&](const char* what) {
    return WithContext(fmt::format("statsd: {} udp {}:{}", what, options_.address, options_.port),
                       ErrnoError(error.value(), error.message()));
  };
  socket_.open(endpoint.protocol(), error);
  if (error) return failed("open");
  socket_.bind(endpoint, error);
  if (error) {
    Error refused = failed("bind");
    if (error == asio::error::address_in_use) refused.code = ErrorCode::kUnavailable;
    socket_.close();
    return refused;
  }
  port_ = socket_.local_endpoint().port();
  const int fd = socket_.native_handle();
  const int size = options_.receive_buffer_bytes;
  // FORCE passes net.core.rmem_max, with CAP_NET_ADMIN; else the kernel cuts the size down silently.
  if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size) != 0)
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
  const int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_RXQ_OVFL, &on, sizeof on);
  return {};
}

void UdpListener::Receiver::Wait() {
  socket_.async_wait(udp::socket::wait_read, [self = shared_from_this()](const boost::system::error_code& error) {
    if (!error && self->socket_.is_open()) self->Turn();
  });
}

void UdpListener::Receiver::Turn() {
  int taken = 0;
  int received = 0;
  for (int i = 0; i < kBatchesPerTurn; ++i) {
    received = ReceiveOnce();
    taken += received;
    if (received < static_cast<int>(DatagramBatch::kCount)) break;
  }
  if (received < static_cast<int>(DatagramBatch::kCount) && ++turns_ % kTurnsBetweenTrims == 0) batch_.Trim();
  if (taken <= kLittle) {
    Gather();
  } else {
    Wait();
  }
}

void UdpListener::Receiver::Gather() {
  gather_timer_.expires_after(kGatherTime);
  gather_timer_.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
    if (!error && self->socket_.is_open()) self->Wait();
  });
}

int UdpListener::Receiver::ReceiveOnce() {
  const int received = batch_.Receive(socket_.native_handle());
  if (received < 0) {
    stats_.receive_errors.Add();
    return 0;
  }
  std::uint64_t bytes = 0;
  for (int i = 0; i < received; ++i) {
    const std::string_view datagram = batch_.Datagram(static_cast<std::size_t>(i));
    bytes += datagram.size();
    aggregator_.AddDatagram(datagram);
  }
  stats_.datagrams.Add(static_cast<std::uint64_t>(received));
  stats_.bytes.Add(bytes);
  CountDrops();
  return received;
}

void UdpListener::Receiver::CountDrops() {
  const std::uint32_t more = batch_.drops() - drops_seen_;
  drops_seen_ = batch_.drops();
  stats_.kernel_drops.Add(more);
}

void UdpListener::Receiver::Drain() {
  if (!socket_.is_open()) return;
  for (int i = 0; i < kBatchesAtStop && ReceiveOnce() == static_cast<int>(DatagramBatch::kCount); ++i) {
  }
}

void UdpListener::Receiver::Close() {
  boost::system::error_code ignored;
  gather_timer_.cancel();
  socket_.close(ignored);
}

UdpListener::UdpListener(asio::any_io_executor executor, Aggregator& aggregator, UdpOptions options)
    : receiver_(std::make_shared<Receiver>(std::move(executor), aggregator, std::move(options))) {}

UdpListener::~UdpListener() {
  receiver_->Close();
}

Status UdpListener::Start() {
  TICKBIRD_RETURN_IF_ERROR(receiver_->Open());
  receiver_->Wait();
  return {};
}

void UdpListener::Stop() {
  receiver_->Drain();
  receiver_->Close();
}

std::uint16_t UdpListener::port() const {
  return receiver_->port();
}

const ListenerStats& UdpListener::stats() const {
  return receiver_->stats();
}

}  // namespace tickbird::statsd
