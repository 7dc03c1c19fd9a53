#include "agent/ingest/statsd/datagram_batch.h"

#include <cerrno>
#include <cstring>
#include <new>

#include <sys/mman.h>

namespace tickbird::statsd {
namespace {

constexpr std::size_t kSlotBytes = 64 << 10;
constexpr std::size_t kPageBytes = 4 << 10;
constexpr std::size_t kMemoryBytes = DatagramBatch::kCount * kSlotBytes;

}  // namespace

DatagramBatch::DatagramBatch() {
  void* const memory =
      mmap(nullptr, kMemoryBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  memory_ = static_cast<char*>(memory);
  // A huge page would make all 2 MiB resident at the first datagram.
  madvise(memory_, kMemoryBytes, MADV_NOHUGEPAGE);
  for (std::size_t i = 0; i < kCount; ++i) {
    vectors_[i] = {.iov_base = memory_ + i * kSlotBytes, .iov_len = kSlotBytes};
    messages_[i].msg_hdr.msg_iov = &vectors_[i];
    messages_[i].msg_hdr.msg_iovlen = 1;
    messages_[i].msg_hdr.msg_control = controls_[i].bytes.data();
  }
}

DatagramBatch::~DatagramBatch() {
  munmap(memory_, kMemoryBytes);
}

int DatagramBatch::Receive(int socket) {
  for (mmsghdr& message : messages_) message.msg_hdr.msg_controllen = sizeof(Control::bytes);
  const int received = recvmmsg(socket, messages_.data(), kCount, MSG_DONTWAIT, nullptr);
  if (received < 0) return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR ? 0 : -1;
  for (int i = 0; i < received; ++i) grown_ |= messages_[static_cast<std::size_t>(i)].msg_len > kPageBytes;
  if (received == 0) return 0;
  msghdr& last = messages_[static_cast<std::size_t>(received) - 1].msg_hdr;
  for (cmsghdr* header = CMSG_FIRSTHDR(&last); header; header = CMSG_NXTHDR(&last, header)) {
    if (header->cmsg_level == SOL_SOCKET && header->cmsg_type == SO_RXQ_OVFL)
      std::memcpy(&drops_, CMSG_DATA(header), sizeof drops_);
  }
  return received;
}

std::string_view DatagramBatch::Datagram(std::size_t index) const {
  return {memory_ + index * kSlotBytes, messages_[index].msg_len};
}

void DatagramBatch::Trim() {
  if (!grown_) return;
  for (std::size_t i = 0; i < kCount; ++i)
    madvise(memory_ + i * kSlotBytes + kPageBytes, kSlotBytes - kPageBytes, MADV_DONTNEED);
  grown_ = false;
}

}  // namespace tickbird::statsd
