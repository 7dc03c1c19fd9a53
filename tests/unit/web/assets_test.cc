#include "dashboards/web/assets.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <string>

#include "core/base/fs.h"

namespace tickbird::dashboards {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string Gunzip(std::string bytes) {
  z_stream stream{};
  EXPECT_EQ(inflateInit2(&stream, 15 + 16), Z_OK);
  std::string out(1 << 20, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(bytes.data());
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(inflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  inflateEnd(&stream);
  return out;
}

const Asset& Named(std::string_view path) {
  for (const Asset& asset : Assets()) {
    if (asset.path == path) return asset;
  }
  ADD_FAILURE() << path << " is missing";
  return Assets().front();
}

TEST(Assets, AreTheFilesOfTheFolder) {
  PosixFs posix;
  Fs& fs = posix;
  EXPECT_EQ(Named("/").bytes, *fs.Read("dashboards/web/index.html"));
  EXPECT_EQ(Named("/app.js").bytes, *fs.Read("dashboards/web/app.js"));
  EXPECT_EQ(Named("/style.css").bytes, *fs.Read("dashboards/web/style.css"));
  EXPECT_EQ(Named("/").content_type, "text/html; charset=utf-8");
}

TEST(Assets, AreCompressedOnceAndTagged) {
  for (const Asset& asset : Assets()) {
    EXPECT_EQ(Gunzip(std::string(asset.gzip_bytes)), asset.bytes) << asset.path;
    EXPECT_LT(asset.gzip_bytes.size(), asset.bytes.size() * 6 / 10) << asset.path;
    EXPECT_EQ(asset.etag.size(), 16u);
  }
}

TEST(Assets, StaySmall) {
  std::size_t total = 0;
  for (const Asset& asset : Assets()) total += asset.bytes.size();
  EXPECT_LE(total, 30u * 1024);
}

TEST(Assets, KeepTheirOwnContentSecurityPolicy) {
  const std::string page(Named("/").bytes);
  EXPECT_THAT(page, Not(HasSubstr("<style"))) << "no inline style";
  EXPECT_THAT(page, Not(HasSubstr(" style="))) << "no inline style";
  EXPECT_THAT(page, Not(HasSubstr(" onclick="))) << "no inline handler";
  EXPECT_THAT(page, Not(HasSubstr("\"http"))) << "nothing from elsewhere";
  EXPECT_THAT(page, Not(HasSubstr("\"//"))) << "nothing from elsewhere";
  const std::string script(Named("/app.js").bytes);
  for (const char* dangerous : {"innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("}) {
    EXPECT_THAT(script, Not(HasSubstr(dangerous)));
  }
}

}  // namespace
}  // namespace tickbird::dashboards
