#include "agent/net/encoding.h"

#include <gtest/gtest.h>
#include <zlib.h>

namespace tickbird::net {
namespace {

std::string Gunzip(const std::string& bytes) {
  z_stream stream{};
  EXPECT_EQ(inflateInit2(&stream, 15 + 16), Z_OK);
  std::string out(1 << 20, '\0');
  std::string in = bytes;
  stream.next_in = reinterpret_cast<Bytef*>(in.data());
  stream.avail_in = static_cast<uInt>(in.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(inflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  inflateEnd(&stream);
  return out;
}

TEST(AcceptsGzip, FollowsQualityValues) {
  struct Case {
    const char* header;
    bool accepts;
  };
  for (const Case& c : {Case{"", false},
                        {"gzip", true},
                        {"GZIP", true},
                        {"deflate, gzip;q=0.5", true},
                        {"x-gzip", true},
                        {"gzip;q=0", false},
                        {"gzip; q=0.000", false},
                        {"*", true},
                        {"*;q=0", false},
                        {"*;q=1, gzip;q=0", false},
                        {"gzip;q=nonsense", false},
                        {"br", false},
                        {"identity", false},
                        {"gzipped", false}}) {
    EXPECT_EQ(AcceptsGzip(c.header), c.accepts) << c.header;
  }
}

TEST(IsCompressible, KnowsTextFromWhatIsCompressedAlready) {
  for (const char* type : {"text/plain; version=0.0.4", "application/json", "image/svg+xml", "application/health+json",
                           "application/openmetrics-text; version=1.0.0"}) {
    EXPECT_TRUE(IsCompressible(type)) << type;
  }
  for (const char* type : {"image/png", "text/event-stream", "application/octet-stream", ""})
    EXPECT_FALSE(IsCompressible(type)) << type;
}

TEST(Gzip, ReadsBackToTheSameText) {
  std::string text;
  for (int i = 0; i < 5000; ++i) text += "node_cpu_seconds_total{cpu=\"" + std::to_string(i) + "\"} 1\n";
  for (const std::string& each : {std::string(), std::string("x"), text}) {
    for (int level : {1, 9}) EXPECT_EQ(Gunzip(Gzip(each, level)), each);
  }
  EXPECT_LT(Gzip(text, 1).size(), text.size() / 5);
}

}  // namespace
}  // namespace tickbird::net
