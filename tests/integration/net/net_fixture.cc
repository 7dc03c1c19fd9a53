#include "tests/integration/net/net_fixture.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <utility>

namespace tickbird::net {

RawClient::RawClient(std::uint16_t port, int receive_buffer_bytes)
    : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  if (receive_buffer_bytes > 0)
    setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &receive_buffer_bytes, sizeof receive_buffer_bytes);
  const timeval timeout{.tv_sec = kNeverExpires / kSecondMs, .tv_usec = 0};
  setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_EQ(connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
}

RawClient::~RawClient() {
  close(fd_);
}

bool RawClient::Send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

bool RawClient::Receive() {
  std::array<char, 16384> chunk{};
  const ssize_t received = recv(fd_, chunk.data(), chunk.size(), 0);
  timed_out_ = received < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
  if (received <= 0) return false;
  buffer_.append(chunk.data(), static_cast<std::size_t>(received));
  return true;
}

std::string RawClient::ReadResponse(bool has_body) {
  while (buffer_.find("\r\n\r\n") == std::string::npos) {
    if (!Receive()) return {};
  }
  std::size_t size = buffer_.find("\r\n\r\n") + 4;
  const std::size_t length = buffer_.find("Content-Length: ");
  if (has_body && length < size) size += std::stoul(buffer_.substr(length + 16));
  while (buffer_.size() < size) {
    if (!Receive()) return {};
  }
  std::string response = buffer_.substr(0, size);
  buffer_.erase(0, size);
  return response;
}

std::string RawClient::ReadUntil(std::string_view text) {
  std::size_t found = buffer_.find(text);
  while (found == std::string::npos) {
    const std::size_t searched = buffer_.size() < text.size() ? 0 : buffer_.size() - text.size();
    if (!Receive()) return std::exchange(buffer_, {});
    found = buffer_.find(text, searched);
  }
  std::string read = buffer_.substr(0, found + text.size());
  buffer_.erase(0, read.size());
  return read;
}

std::string RawClient::ReadToEnd(bool* closed) {
  while (Receive()) {
  }
  if (closed != nullptr) *closed = !timed_out_;
  return std::move(buffer_);
}

TestServer::TestServer(LoopThread& thread, std::shared_ptr<const Router> router, HttpLimits limits) : thread_(thread) {
  thread_.Call([&] {
    server_ = std::make_unique<HttpServer>(thread_.loop(), std::move(router), limits);
    const Status listening = server_->Listen({.host = "127.0.0.1", .port = 0});
    EXPECT_TRUE(listening) << listening.error().message;
    port_ = server_->port();
  });
}

TestServer::~TestServer() {
  thread_.Call([this] { server_.reset(); });
}

}  // namespace tickbird::net
