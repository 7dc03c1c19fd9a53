#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include <sys/socket.h>
#include <sys/uio.h>

namespace tickbird::statsd {

/// Buffers for one recvmmsg call: 32 datagrams, each of any size UDP allows, so that none is ever cut.
///
/// The 2 MiB are address space only. The kernel touches of each 64 KiB slot what a datagram fills, usually its first
/// page, so 128 KiB are resident; Trim gives back what larger datagrams left behind. Not thread safe.
class DatagramBatch {
 public:
  static constexpr std::size_t kCount = 32;

  /// Throws std::bad_alloc when the kernel has no address space left.
  DatagramBatch();
  ~DatagramBatch();
  DatagramBatch(const DatagramBatch&) = delete;
  DatagramBatch& operator=(const DatagramBatch&) = delete;

  /// Reads what is there without waiting. The number of datagrams; 0: none; -1: errno tells.
  int Receive(int socket);
  /// Datagram `index` of the last Receive. Valid until the next one.
  std::string_view Datagram(std::size_t index) const;
  /// The kernel's running count of datagrams dropped on this socket, as of the last datagram received (SO_RXQ_OVFL). 32
  /// bits, wraps.
  std::uint32_t drops() const { return drops_; }
  /// Returns memory to the kernel if datagrams larger than a page came since the last call.
  void Trim();

 private:
  struct alignas(cmsghdr) Control {
    std::array<std::byte, CMSG_SPACE(sizeof(std::uint32_t))> bytes;
  };

  char* memory_ = nullptr;
  std::array<mmsghdr, kCount> messages_{};
  std::array<iovec, kCount> vectors_{};
  std::array<Control, kCount> controls_{};
  std::uint32_t drops_ = 0;
  bool grown_ = false;
};

}  // namespace tickbird::statsd
