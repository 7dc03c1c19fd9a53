#include "agent/ingest/statsd/statsd_listener.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/udp.hpp>

namespace tickbird::statsd {
namespace {

namespace asio = boost::asio;
using asio::ip::udp;

/// A listener on a free port of this machine, and a client beside it.
class UdpListenerTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(listener_.Start());
    client_.open(udp::v4());
    client_.connect({asio::ip::address_v4::loopback(), listener_.port()});
  }

  void Send(const std::string& datagram) { client_.send(asio::buffer(datagram)); }

  /// Runs the loop until that many datagrams came, or far too long.
  void Await(std::uint64_t datagrams) {
    const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (listener_.stats().datagrams.value() < datagrams && std::chrono::steady_clock::now() < give_up) {
      io_.run_one_for(std::chrono::milliseconds(100));
    }
  }

  asio::io_context io_;
  Aggregator aggregator_;
  UdpListener listener_{io_.get_executor(), aggregator_, {.port = 0}};
  udp::socket client_{io_};
};

TEST_F(UdpListenerTest, FeedsTheAggregator) {
  Send("hits:1|c\nhits:2|c\n");
  Send("page_load:320|ms|#page:home");
  Await(2);
  EXPECT_EQ(aggregator_.stats().lines.value(), 3U);
  EXPECT_EQ(listener_.stats().bytes.value(), 18U + 27U);
  EXPECT_EQ(listener_.stats().kernel_drops.value(), 0U);
}

TEST_F(UdpListenerTest, TakesTheLargestDatagramWhole) {
  std::string datagram;
  while (datagram.size() + 9 <= 65507) datagram += "hits:1|c\n";
  Send(datagram);
  Send("hits:1|c");
  Await(2);
  EXPECT_EQ(aggregator_.stats().lines.value(), datagram.size() / 9 + 1);
  EXPECT_EQ(listener_.stats().bytes.value(), datagram.size() + 8);
}

TEST_F(UdpListenerTest, TakesManyBatchesWithoutLosingOne) {
  for (int i = 0; i < 500; ++i) Send("hits:1|c");
  Await(500);
  EXPECT_EQ(aggregator_.stats().lines.value(), 500U);
}

TEST_F(UdpListenerTest, StopTakesWhatTheKernelHasAlready) {
  for (int i = 0; i < 100; ++i) Send("hits:1|c");
  listener_.Stop();
  EXPECT_EQ(aggregator_.stats().lines.value(), 100U);
  Send("hits:1|c");
  io_.run_for(std::chrono::milliseconds(20));
  EXPECT_EQ(aggregator_.stats().lines.value(), 100U);
}

TEST_F(UdpListenerTest, MayGoWhileItWaits) {
  {
    UdpListener other(io_.get_executor(), aggregator_, {.port = 0});
    ASSERT_TRUE(other.Start());
    io_.poll();
  }
  io_.restart();
  io_.poll();
}

TEST(UdpListener, CountsWhatTheKernelDropped) {
  asio::io_context io;
  Aggregator aggregator;
  UdpListener listener(io.get_executor(), aggregator, {.port = 0, .receive_buffer_bytes = 4096});
  ASSERT_TRUE(listener.Start());
  udp::socket client(io, udp::v4());
  client.connect({asio::ip::address_v4::loopback(), listener.port()});
  constexpr int kSent = 500;
  for (int i = 0; i < kSent; ++i) client.send(asio::buffer(std::string("hits:1|c")));
  io.run_for(std::chrono::milliseconds(50));
  // The count comes with the next datagram that finds room.
  client.send(asio::buffer(std::string("hits:1|c")));
  io.run_for(std::chrono::milliseconds(50));
  EXPECT_GT(listener.stats().kernel_drops.value(), 0U);
  EXPECT_EQ(listener.stats().kernel_drops.value() + listener.stats().datagrams.value(), kSent + 1U);
}

TEST(UdpListener, SaysWhyItCannotStart) {
  asio::io_context io;
  Aggregator aggregator;
  UdpListener first(io.get_executor(), aggregator, {.port = 0});
  ASSERT_TRUE(first.Start());
  UdpListener second(io.get_executor(), aggregator, {.port = first.port()});
  const Status taken = second.Start();
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().code, ErrorCode::kUnavailable);
  EXPECT_THAT(taken.error().message, testing::HasSubstr("statsd: bind udp 127.0.0.1:"));
  UdpListener named(io.get_executor(), aggregator, {.address = "localhost", .port = 0});
  const Status not_an_address = named.Start();
  ASSERT_FALSE(not_an_address);
  EXPECT_EQ(not_an_address.error().code, ErrorCode::kInvalidArgument);
}

}  // namespace
}  // namespace tickbird::statsd
