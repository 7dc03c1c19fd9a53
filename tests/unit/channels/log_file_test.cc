#include "notifiers/channels/log_file/log_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>

#include "core/base/log.h"
#include "tests/unit/channels/samples.h"

namespace tickbird::notify {
namespace {

using testing::Bench;
using testing::Raised;
using testing::Spec;

TEST(BuildLogLine, IsOneJsonObject) {
  EXPECT_EQ(
      BuildLogLine(Raised()),
      R"({"ts":"2025-11-21T12:00:00Z","key":")" + Raised().key +
          R"(","kind":"raised","status":"firing","alert":"memory_high","id":"0123456789abcdef","level":"high",)"
          R"("since":"2025-11-21T12:00:00Z","value":"0.873","condition":"\u003e 85% for 2m",)"
          R"("labels":{"alertname":"memory_high","instance":"a","team":"storage"},"summary":"Memory at 87.3% on a",)"
          R"("detail":"It grows.","advice":"Raise the limit.","runbook":"https://runbooks.example.org/memory?x=1\u0026y=2"})");
}

TEST(LogFile, AppendsAndSurvivesRotation) {
  const std::string path = ::testing::TempDir() + "tickbird_alerts.log";
  std::remove(path.c_str());
  Bench bench;
  auto channel = bench.Create(Spec("log", {{"path", path}}));
  EXPECT_EQ((*bench.Send(**channel, {Raised(), testing::Cleared()}))->result, SendOutcome::Result::kDelivered);
  EXPECT_EQ(*bench.fs.Read(path, 1 << 20), BuildLogLine(Raised()) + "\n" + BuildLogLine(testing::Cleared()) + "\n");
  std::rename(path.c_str(), (path + ".1").c_str());
  bench.Send(**channel, {Raised()});
  EXPECT_EQ(*bench.fs.Read(path, 1 << 20), BuildLogLine(Raised()) + "\n");
  std::remove(path.c_str());
  std::remove((path + ".1").c_str());
}

TEST(LogFile, TriesAgainWhenItCannotWrite) {
  Bench bench;
  auto channel = bench.Create(Spec("log", {{"path", "/nonexistent/alerts.log"}}));
  EXPECT_EQ((*bench.Send(**channel, {Raised()}))->result, SendOutcome::Result::kRetry);
}

TEST(LogFile, WithoutAPathWritesToTheAgentsLog) {
  std::string line;
  log::SetSink([&](std::string_view text) { line = text; });
  Bench bench;
  auto channel = bench.Create(Spec("log", {}));
  EXPECT_EQ((*bench.Send(**channel, {Raised()}))->result, SendOutcome::Result::kDelivered);
  log::SetSink(nullptr);
  EXPECT_THAT(line, ::testing::HasSubstr("memory_high"));
}

}  // namespace
}  // namespace tickbird::notify
