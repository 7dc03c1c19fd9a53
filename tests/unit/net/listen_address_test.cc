#include "agent/net/listen_address.h"

#include <gtest/gtest.h>

namespace tickbird::net {
namespace {

TEST(ParseListenAddress, ReadsLiteralsAndShortForms) {
  struct Case {
    const char* text;
    const char* host;
    int port;
  };
  for (const Case& c : {Case{"127.0.0.1:9797", "127.0.0.1", 9797},
                        {"[::1]:0", "::1", 0},
                        {":9797", "", 9797},
                        {"*:1", "", 1},
                        {"localhost:65535", "127.0.0.1", 65535}}) {
    const Result<ListenAddress> address = ParseListenAddress(c.text);
    ASSERT_TRUE(address) << c.text;
    EXPECT_EQ(address->host, c.host);
    EXPECT_EQ(address->port, c.port);
  }
  EXPECT_EQ(ParseListenAddress("[::1]:80")->ToString(), "[::1]:80");
}

TEST(ParseListenAddress, RefusesWhatNeedsDnsOrIsNoPort) {
  for (const char* text : {"", "9797", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1", "127.0.0.1:80x",
                           "example.org:80", "1.2.3:80", "[zz]:80"}) {
    EXPECT_EQ(ParseListenAddress(text).error().code, ErrorCode::kParse) << text;
  }
}

}  // namespace
}  // namespace tickbird::net
