#include "agent/ingest/statsd/statsd_listener.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <utility>

#include <fmt/core.h>

#include <sys/socket.h>
#include <unistd.h>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include "agent/ingest/statsd/datagram_batch.h"

namespace tickbird::statsd {
namespace {

namespace asio = boost::asio;
using asio::ip::udp;

/// What one wake-up may take before other work of the thread gets its turn: 256 datagrams, well under a millisecond.
constexpr int kBatchesPerTurn = 8;
/// After the socket was emptied, waiting a little lets datagrams gather in its buffer, so that one wake-up, which costs
/// more than reading a dozen of them, serves many. The wait is as long as half the buffer lasts in a burst of 2 million
/// lines a second (100,000 datagrams of 20 lines, for which the kernel charges some 2.5 KB each), and never so long
/// that a flush would notice.
constexpr int kBurstBytesPerMicrosecond = 256;
constexpr auto kLongestGathering = std::chrono::microseconds(10'000);
/// Memory of large datagrams goes back to the kernel after this many turns that left the socket empty.
constexpr int kTurnsBetweenTrims = 4096;

/// More than a receive buffer holds; a sender that never pauses must not hold up a shutdown.
constexpr int kBatchesAtStop = 1024;

}  // namespace

/// Kept alive by the operations that wait, so that a listener can go while they are being cancelled.
class UdpListener::Receiver : public std::enable_shared_from_this<Receiver> {
 public:
  Receiver(asio::any_io_executor executor, Aggregator& aggregator, UdpOptions options)
      : aggregator_(aggregator), options_(std::move(options)), waiter_(executor), timer_(executor) {}
  ~Receiver() { Close(); }

  Status Open();
  void Wait();
  void Drain();
  void Close();

  std::uint16_t port() const { return port_; }
  const ListenerStats& stats() const { return stats_; }

 private:
  void Turn();
  void AskForBuffer();
  int ReceiveOnce();
  void Gather();
  void CountDrops();

  Aggregator& aggregator_;
  const UdpOptions options_;
  int socket_ = -1;
  // Holds the socket only while we wait for it to become readable: a socket that Asio knows wakes the thread for every
  // datagram, waited for or not.
  asio::posix::stream_descriptor waiter_;
  asio::steady_timer timer_;
  DatagramBatch batch_;
  ListenerStats stats_;
  std::uint32_t drops_seen_ = 0;
  int emptied_turns_ = 0;
  std::chrono::microseconds gathering_{0};
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
  udp::socket socket(waiter_.get_executor());
  socket.open(endpoint.protocol(), error);
  if (error) return failed("open");
  socket.bind(endpoint, error);
  if (error) {
    Error refused = failed("bind");
    if (error == asio::error::address_in_use) refused.code = ErrorCode::kUnavailable;
    return refused;
  }
  port_ = socket.local_endpoint().port();
  socket_ = socket.release(error);
  if (error) return failed("release");
  AskForBuffer();
  const int on = 1;
  setsockopt(socket_, SOL_SOCKET, SO_RXQ_OVFL, &on, sizeof on);
  return {};
}

void UdpListener::Receiver::AskForBuffer() {
  const int size = options_.receive_buffer_bytes;
  // FORCE passes net.core.rmem_max, with CAP_NET_ADMIN; else the kernel cuts the size down silently.
  if (setsockopt(socket_, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size) != 0)
    setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
  int granted = 0;
  socklen_t length = sizeof granted;
  getsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &granted, &length);
  gathering_ = std::min(kLongestGathering, std::chrono::microseconds(granted / 2 / kBurstBytesPerMicrosecond));
}

void UdpListener::Receiver::Wait() {
  boost::system::error_code failed;
  waiter_.assign(socket_, failed);
  if (failed) {
    // No memory in the kernel for one more epoll entry: look again soon.
    stats_.receive_errors.Add();
    Gather();
    return;
  }
  waiter_.async_wait(asio::posix::descriptor_base::wait_read,
                     [self = shared_from_this()](const boost::system::error_code& error) {
                       if (error || self->socket_ < 0) return;
                       self->waiter_.release();
                       self->Turn();
                     });
}

void UdpListener::Receiver::Turn() {
  int taken = 0;
  bool emptied = false;
  for (int i = 0; i < kBatchesPerTurn && !emptied; ++i) {
    const int received = ReceiveOnce();
    taken += received;
    emptied = received < static_cast<int>(DatagramBatch::kCount);
  }
  if (emptied && ++emptied_turns_ % kTurnsBetweenTrims == 0) batch_.Trim();
  if (!emptied) {
    asio::post(waiter_.get_executor(), [self = shared_from_this()] {
      if (self->socket_ >= 0) self->Turn();
    });
  } else if (taken > 0) {
    Gather();
  } else {
    Wait();
  }
}

void UdpListener::Receiver::Gather() {
  timer_.expires_after(gathering_);
  timer_.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
    if (!error && self->socket_ >= 0) self->Turn();
  });
}

int UdpListener::Receiver::ReceiveOnce() {
  const int received = batch_.Receive(socket_);
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
  if (socket_ < 0) return;
  for (int i = 0; i < kBatchesAtStop && ReceiveOnce() == static_cast<int>(DatagramBatch::kCount); ++i) {
  }
}

void UdpListener::Receiver::Close() {
  if (socket_ < 0) return;
  timer_.cancel();
  if (waiter_.is_open()) waiter_.release();
  close(socket_);
  socket_ = -1;
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
